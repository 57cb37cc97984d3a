-- Connections that wait for a person's word: a reconnect that came back with another account than the integration's.
--
-- The tokens are kept encrypted, for ten minutes, and only the service role sees any of it. The row outlives the
-- integration and the person that it names: whoever deletes it has to end the grant at the provider first.

create table public.pending_connections (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- Who signed in there, and alone may confirm it. Null when that person is deleted: then nobody may.
  user_id uuid references auth.users (id) on delete set null,
  integration_type text not null check (integration_type ~ '^[a-z][a-z0-9_]{0,31}$'),
  sandbox boolean not null default false,
  -- What was to be reconnected. Null when it was removed meanwhile.
  wanted_integration_id uuid,
  external_account_id text not null check (external_account_id <> ''),
  external_account_name text not null,
  config jsonb not null check (jsonb_typeof(config) = 'object'),
  -- What the grant reaches, as sync_resources takes it.
  resources jsonb not null default '[]' check (jsonb_typeof(resources) = 'array'),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '10 minutes',
  -- Set before its grant is ended: from then on it can't be confirmed, whatever becomes of the call.
  closed_at timestamptz,
  foreign key (wanted_integration_id, organization_id) references public.integrations (id, organization_id)
    on delete set null (wanted_integration_id),
  -- As on integrations: a clear token must not get in, whoever writes.
  constraint access_token_is_encrypted check (
    config ->> 'access_token' is null
    or config ->> 'access_token' ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$'),
  constraint refresh_token_is_encrypted check (
    config ->> 'refresh_token' is null
    or config ->> 'refresh_token' ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$')
);
create index pending_connections_organization_idx on public.pending_connections (organization_id);
create index pending_connections_user_idx on public.pending_connections (user_id);
create index pending_connections_wanted_idx on public.pending_connections (wanted_integration_id, organization_id);
create index pending_connections_expiry_idx on public.pending_connections (expires_at);

alter table public.pending_connections enable row level security;
alter table public.pending_connections force row level security;
revoke all on table public.pending_connections from public, anon, authenticated, service_role;
grant select, insert, update, delete on table public.pending_connections to service_role;

-- As before, but a pause stays a pause, and no scan starts while it lasts. The answer is the assessment that is open, or
-- the last one when none may start; null still means that somebody was faster.
create or replace function public.store_connection(p_integration jsonb, p_resources jsonb, p_version bigint default null)
returns uuid
language plpgsql set search_path = '' as $$
declare
  v public.integrations := jsonb_populate_record(null::public.integrations, p_integration);
  v_paused boolean := false;
  v_assessment uuid;
begin
  if p_version is null then
    insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, next_check_at,
        external_account_id, external_account_name, sandbox, refresh_due_at, last_success_at, connected_by)
      values (v.id, v.organization_id, v.integration_type, v.name, v.config, v.scan_schedule, v.next_check_at,
        v.external_account_id, v.external_account_name, v.sandbox, v.refresh_due_at, now(), v.connected_by)
      on conflict do nothing;
  else
    -- A running refresh loses its claim: its token belongs to the grant that this one replaces.
    update public.integrations set config = config || v.config, last_error = null,
        status = case when status = 'paused' then 'paused' else 'active' end,
        external_account_name = v.external_account_name, refresh_due_at = v.refresh_due_at, last_success_at = now(),
        next_check_at = v.next_check_at, connected_by = v.connected_by, version = version + 1,
        refresh_lease_owner = null, refresh_lease_until = null
      where id = v.id and organization_id = v.organization_id and version = p_version
      returning status = 'paused' into v_paused;
  end if;
  if not found then
    return null;
  end if;
  perform public.sync_resources(v.id, v.organization_id, p_resources);
  if v_paused then
    select a.id into v_assessment from public.assessments a where a.integration_id = v.id order by a.created_at desc limit 1;
    if v_assessment is not null then
      return v_assessment;
    end if;
  end if;
  insert into public.assessments (organization_id, integration_id, trigger, requested_by)
    values (v.organization_id, v.id, 'connect', v.connected_by)
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning id into v_assessment;
  return coalesce(v_assessment, (select a.id from public.assessments a
    where a.integration_id = v.id and a.status in ('queued', 'running')));
end $$;

-- store_connection for one that waited: stored and no longer waiting, or neither. Two who confirm at once store once.
-- Null: it is answered or expired, or somebody was faster at the integration; read both again.
create function public.store_pending_connection(
  p_pending_id uuid, p_integration jsonb, p_resources jsonb, p_version bigint default null
) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_assessment uuid;
begin
  perform 1 from public.pending_connections
    where id = p_pending_id and closed_at is null and expires_at > clock_timestamp() for update;
  if not found then
    return null;
  end if;
  v_assessment := public.store_connection(p_integration, p_resources, p_version);
  if v_assessment is not null then
    delete from public.pending_connections where id = p_pending_id;
  end if;
  return v_assessment;
end $$;

revoke all on function public.store_pending_connection(uuid, jsonb, jsonb, bigint)
  from public, anon, authenticated, service_role;
grant execute on function public.store_pending_connection(uuid, jsonb, jsonb, bigint) to service_role;
