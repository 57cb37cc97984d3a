-- Integrations (one grant each) and the resources a grant reaches.
--
-- `config` holds ciphertext. The `authenticated` role has no privilege on that column: not even the ciphertext leaves
-- through the data API. What a person may see of it is `config_metadata`, which a trigger keeps from an allow-list.

create table public.integrations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  integration_type text not null check (integration_type ~ '^[a-z][a-z0-9_]{0,31}$'),
  name text not null check (char_length(btrim(name)) between 1 and 100),
  config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
  config_metadata jsonb not null default '{}',
  status text not null default 'active' check (status in ('active', 'error', 'paused')),
  scan_schedule text not null check (char_length(scan_schedule) between 9 and 100),
  last_checked_at timestamptz,
  next_check_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  -- Who it is at the provider, by an id that survives a reinstall.
  external_account_id text not null check (external_account_id <> ''),
  external_account_name text not null,
  -- Granted by the local stand-in: never to be sent to the real provider.
  sandbox boolean not null default false,

  -- Every write of credentials compares and swaps this.
  version bigint not null default 1,
  -- Never null: a provider that names no expiry gets a computed time to look.
  refresh_due_at timestamptz not null default now() + interval '1 day',
  -- One refresher at a time, by the database's clock.
  refresh_lease_owner text,
  refresh_lease_until timestamptz,
  -- {class, code, message, at}: no provider text, no secret.
  last_error jsonb check (last_error is null or jsonb_typeof(last_error) = 'object'),
  last_success_at timestamptz,
  -- Null when that person is deleted: the organization owns the integration.
  connected_by uuid references auth.users (id) on delete set null,

  unique (id, organization_id),
  -- The same account again is a reconnect, not a second row.
  unique (organization_id, integration_type, external_account_id, sandbox),
  -- A clear token must not get in, whoever writes: <key id>:iv.tag.ciphertext, see server/utils/encryption.ts.
  constraint access_token_is_encrypted check (
    config ->> 'access_token' is null
    or config ->> 'access_token' ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$'),
  constraint refresh_token_is_encrypted check (
    config ->> 'refresh_token' is null
    or config ->> 'refresh_token' ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$')
);
create index integrations_list_idx on public.integrations (organization_id, created_at desc, id desc);
create index integrations_due_idx on public.integrations (next_check_at) where status = 'active';
create index integrations_connected_by_idx on public.integrations (connected_by);

create table public.integration_resources (
  id uuid primary key default gen_random_uuid(),
  integration_id uuid not null,
  organization_id uuid not null,
  kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,31}$'),
  external_id text not null check (external_id <> ''),
  name text not null,
  enabled boolean not null default true,
  metadata jsonb not null default '{}',
  -- Set while the provider no longer lists it; null again when it does.
  missing_since timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (integration_id, external_id),
  unique (id, organization_id),
  -- Both columns, so that a resource cannot point into another organization.
  foreign key (integration_id, organization_id) references public.integrations (id, organization_id) on delete cascade
);
create index integration_resources_organization_id_idx on public.integration_resources (organization_id);

-- Callbacks that happened: a state is used once, even by somebody who kept a copy of the cookie.
create table public.used_oauth_states (
  state_hash text primary key check (state_hash ~ '^[0-9a-f]{64}$'),
  used_at timestamptz not null default now()
);
create index used_oauth_states_used_at_idx on public.used_oauth_states (used_at);

alter table public.integrations enable row level security;
alter table public.integrations force row level security;
alter table public.integration_resources enable row level security;
alter table public.integration_resources force row level security;
alter table public.used_oauth_states enable row level security;
alter table public.used_oauth_states force row level security;

revoke all on table public.integrations, public.integration_resources, public.used_oauth_states
  from public, anon, authenticated, service_role;
-- Not config, version, refresh_lease_owner, refresh_lease_until.
grant select (id, organization_id, integration_type, name, config_metadata, status, scan_schedule, last_checked_at,
    next_check_at, created_at, updated_at, external_account_id, external_account_name, sandbox, refresh_due_at,
    last_error, last_success_at, connected_by)
  on table public.integrations to authenticated;
grant delete on table public.integrations to authenticated;
grant select on table public.integration_resources to authenticated;
grant update (enabled) on table public.integration_resources to authenticated;
grant select, insert, update, delete on table public.integrations, public.integration_resources to service_role;
grant select, insert, delete on table public.used_oauth_states to service_role;

create policy "members read integrations" on public.integrations for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));
create policy "admins remove integrations" on public.integrations for delete to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));

create policy "members read resources" on public.integration_resources for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));
create policy "admins choose resources" on public.integration_resources for update to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())))
  with check (organization_id = any (array(select private.my_administered_organization_ids())));

-- Kept by the database ------------------------------------------------------------------------------------------------

create function private.integration_before_write() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.config_metadata := (
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(new.config)
    where key in ('project_id', 'project_name', 'expires_at', 'scopes_requested', 'scopes_granted', 'enabled_checks'));
  new.updated_at := now();
  return new;
end $$;
create trigger integration_before_write before insert or update on public.integrations
  for each row execute function private.integration_before_write();

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end $$;
create trigger touch_updated_at before update on public.integration_resources
  for each row execute function private.touch_updated_at();

revoke all on function private.integration_before_write(), private.touch_updated_at()
  from public, anon, authenticated, service_role;

-- What a person may change --------------------------------------------------------------------------------------------

-- Null leaves a value as it is. False: no such integration in an organization that the caller administers.
create function private.change_integration(
  p_id uuid, p_organization_id uuid, p_name text, p_status text, p_scan_schedule text, p_next_check_at timestamptz,
  p_enabled_checks jsonb
) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.integrations set
    name = coalesce(btrim(p_name), name),
    status = coalesce(p_status, status),
    scan_schedule = coalesce(p_scan_schedule, scan_schedule),
    next_check_at = coalesce(p_next_check_at, next_check_at),
    config = case when p_enabled_checks is null then config
      else jsonb_set(config, '{enabled_checks}', p_enabled_checks) end
  where id = p_id and organization_id = p_organization_id
    and organization_id in (select private.my_administered_organization_ids())
    and coalesce(p_status, 'active') in ('active', 'paused')
    and jsonb_typeof(coalesce(p_enabled_checks, '[]')) = 'array';
  return found;
end $$;
revoke all on function private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb) to authenticated;

create function public.change_integration(
  p_id uuid, p_organization_id uuid, p_name text default null, p_status text default null,
  p_scan_schedule text default null, p_next_check_at timestamptz default null, p_enabled_checks jsonb default null
) returns boolean
language sql set search_path = '' as $$
  select private.change_integration(p_id, p_organization_id, p_name, p_status, p_scan_schedule, p_next_check_at,
    p_enabled_checks)
$$;
revoke all on function public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb) to authenticated;

-- The credential room (service role) -----------------------------------------------------------------------------------

-- True once per state; false for a replay.
create function public.use_oauth_state(p_state_hash text) returns boolean
language plpgsql set search_path = '' as $$
begin
  insert into public.used_oauth_states (state_hash) values (p_state_hash) on conflict do nothing;
  return found;
end $$;

-- Rewrites the list of what the grant reaches: new ones are added enabled, known ones keep their switch, those that the
-- provider no longer lists are marked, never deleted (their findings stay).
create function public.sync_resources(p_integration_id uuid, p_organization_id uuid, p_resources jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.integration_resources (integration_id, organization_id, kind, external_id, name, metadata)
    select p_integration_id, p_organization_id, r.kind, r.external_id, r.name, coalesce(r.metadata, '{}')
    from jsonb_to_recordset(p_resources) as r (kind text, external_id text, name text, metadata jsonb)
    on conflict (integration_id, external_id) do update
      set name = excluded.name, metadata = excluded.metadata, missing_since = null;
  update public.integration_resources set missing_since = now()
    where integration_id = p_integration_id and missing_since is null
      and external_id not in (select r ->> 'external_id' from jsonb_array_elements(p_resources) r);
end $$;

-- A new connection (p_version null), or the same account again (p_version = the row's). Integration, resources and the
-- first assessment, or nothing. Null: somebody was faster; read the row again.
create function public.store_connection(p_integration jsonb, p_resources jsonb, p_version bigint default null)
returns uuid
language plpgsql set search_path = '' as $$
declare
  v public.integrations := jsonb_populate_record(null::public.integrations, p_integration);
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
    update public.integrations set config = config || v.config, status = 'active', last_error = null,
        external_account_name = v.external_account_name, refresh_due_at = v.refresh_due_at, last_success_at = now(),
        next_check_at = v.next_check_at, connected_by = v.connected_by, version = version + 1,
        refresh_lease_owner = null, refresh_lease_until = null
      where id = v.id and organization_id = v.organization_id and version = p_version;
  end if;
  if not found then
    return null;
  end if;
  perform public.sync_resources(v.id, v.organization_id, p_resources);
  insert into public.assessments (organization_id, integration_id, trigger, requested_by)
    values (v.organization_id, v.id, 'connect', v.connected_by)
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning id into v_assessment;
  return coalesce(v_assessment, (select a.id from public.assessments a
    where a.integration_id = v.id and a.status in ('queued', 'running')));
end $$;

-- True: the caller, and nobody else, may refresh for p_seconds.
create function public.take_refresh_lease(p_id uuid, p_owner text, p_seconds integer) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.integrations
    set refresh_lease_owner = p_owner, refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds)
    where id = p_id and (refresh_lease_until is null or refresh_lease_until < clock_timestamp());
  return found;
end $$;

-- Compare-and-swap: false when the row changed since it was read, or the lease went to somebody else. Nothing is
-- written then.
create function public.store_refreshed_credentials(
  p_id uuid, p_owner text, p_version bigint, p_config jsonb, p_refresh_due_at timestamptz
) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.integrations set config = config || p_config, version = version + 1, refresh_due_at = p_refresh_due_at,
      refresh_lease_owner = null, refresh_lease_until = null, last_success_at = now(), last_error = null,
      status = case when status = 'error' then 'active' else status end
    where id = p_id and version = p_version and refresh_lease_owner = p_owner;
  return found;
end $$;

-- A refresh that failed: gives the lease back; only a dead grant (p_dead) ends the connection.
create function public.store_refresh_failure(
  p_id uuid, p_owner text, p_version bigint, p_error jsonb, p_dead boolean, p_refresh_due_at timestamptz
) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.integrations set last_error = p_error, refresh_due_at = p_refresh_due_at, refresh_lease_owner = null,
      refresh_lease_until = null, status = case when p_dead and status = 'active' then 'error' else status end
    where id = p_id and version = p_version and refresh_lease_owner = p_owner;
  return found;
end $$;

revoke all on function public.use_oauth_state(text), public.sync_resources(uuid, uuid, jsonb),
  public.store_connection(jsonb, jsonb, bigint), public.take_refresh_lease(uuid, text, integer),
  public.store_refreshed_credentials(uuid, text, bigint, jsonb, timestamptz),
  public.store_refresh_failure(uuid, text, bigint, jsonb, boolean, timestamptz)
  from public, anon, authenticated, service_role;
grant execute on function public.use_oauth_state(text), public.sync_resources(uuid, uuid, jsonb),
  public.store_connection(jsonb, jsonb, bigint), public.take_refresh_lease(uuid, text, integer),
  public.store_refreshed_credentials(uuid, text, bigint, jsonb, timestamptz),
  public.store_refresh_failure(uuid, text, bigint, jsonb, boolean, timestamptz)
  to service_role;
