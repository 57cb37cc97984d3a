-- What providers tell us: each delivery is written down once, before it is acknowledged, and applied in the order of arrival, in
-- one transaction with its audit entries. A process that dies in between leaves it waiting, and the next one goes on.

-- Deliveries -----------------------------------------------------------------------------------------------------------

alter table public.webhook_receipts
  add column id uuid not null default gen_random_uuid() unique,
  -- Sent by the local stand-in: never to touch what the real provider granted.
  add column sandbox boolean not null default false,
  -- [{what, account_id, facts, at, resource_id}], chosen field by field; never the delivery itself.
  add column events jsonb not null default '[]' check (jsonb_typeof(events) = 'array'),
  add column processed_at timestamptz,
  add constraint delivery_id_length check (char_length(delivery_id) between 1 and 200),
  drop constraint webhook_receipts_pkey,
  add primary key (provider, sandbox, delivery_id);
-- Those of before had nothing to apply.
update public.webhook_receipts set processed_at = received_at;
create index webhook_receipts_waiting_idx on public.webhook_receipts (provider, sandbox, received_at) where processed_at is null;
create index webhook_receipts_received_at_idx on public.webhook_receipts (received_at);

-- Integrations ---------------------------------------------------------------------------------------------------------

alter table public.integrations
  -- When the present grant was stored. Older news than that is of an earlier one.
  add column connected_at timestamptz not null default clock_timestamp(),
  -- What the provider last said of the grant, and when that happened; null: nothing, or that it is well.
  add column provider_state text check (provider_state in ('ended', 'suspended')),
  add column provider_state_at timestamptz,
  -- Something changed at the provider: from when on to scan.
  add column webhook_scan_due_at timestamptz;
create index integrations_webhook_scan_idx on public.integrations (webhook_scan_due_at) where webhook_scan_due_at is not null;
create index if not exists integrations_account_idx on public.integrations (integration_type, external_account_id, sandbox);

-- Another consent (server/integrations/grant.ts gives each an id): what the provider said of the one before is of no account.
create function private.integration_connected() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.config ->> 'grant_id' is distinct from old.config ->> 'grant_id' then
    new.connected_at := clock_timestamp();
    new.provider_state := null;
    new.provider_state_at := null;
  end if;
  return new;
end $$;
create trigger integration_connected before update on public.integrations
  for each row execute function private.integration_connected();

alter table public.assessments
  drop constraint assessments_trigger_check,
  add constraint assessments_trigger_check check (trigger in ('connect', 'manual', 'schedule', 'webhook'));

-- The service's functions ----------------------------------------------------------------------------------------------

-- Writes a delivery down. False: it is there already.
create function public.accept_delivery(p_provider text, p_sandbox boolean, p_delivery_id text, p_events jsonb) returns boolean
language plpgsql set search_path = '' as $$
begin
  insert into public.webhook_receipts (provider, sandbox, delivery_id, events, received_at)
    values (p_provider, p_sandbox, p_delivery_id, p_events, clock_timestamp())
    on conflict do nothing;
  return found;
end $$;

-- Whose deliveries wait.
create function public.waiting_deliveries() returns table (provider text, sandbox boolean)
language sql stable set search_path = '' as $$
  select distinct r.provider, r.sandbox from public.webhook_receipts r where r.processed_at is null
$$;

-- The audit entry of what a provider's event did to an integration.
create function private.note_event(v public.integrations, p_action text, p_delivery_id text, p_detail jsonb) returns void
language sql set search_path = '' as $$
  select private.write_audit(v.organization_id, jsonb_build_object('actor_type', 'system', 'action', p_action,
    'target_type', 'integration', 'target_id', v.id,
    'detail', jsonb_build_object('integration_type', v.integration_type, 'delivery_id', p_delivery_id) || jsonb_strip_nulls(p_detail)))
$$;

-- How often events alone may have an integration scanned.
create function private.webhook_scan_interval() returns interval
language sql immutable set search_path = '' as $$ select interval '5 minutes' $$;

-- One event on one integration. It is left alone by what happened before it was connected, by what older news says of its
-- grant, and by what is of another grant than its facts say.
create function private.apply_event(p_integration_id uuid, p_event jsonb, p_received_at timestamptz, p_delivery_id text, p_sentences jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_what text := p_event ->> 'what';
  -- The provider's clock may be ahead: nothing happens after we hear of it.
  v_at timestamptz := least(coalesce((p_event ->> 'at')::timestamptz, p_received_at), p_received_at);
  v_error jsonb;
  v_rows integer;
begin
  select * into v from public.integrations i where i.id = p_integration_id for update;
  if v.id is null or v.connected_at >= v_at
    or not coalesce(v.config -> 'facts', '{}') @> coalesce(p_event -> 'facts', '{}') then
    return;
  end if;

  if v_what in ('ended', 'suspended', 'resumed') then
    -- After its end only another consent helps.
    if v.provider_state = 'ended' or v.provider_state_at > v_at then
      return;
    end if;
    if v_what = 'resumed' then
      update public.integrations i set provider_state = null, provider_state_at = v_at,
          status = case when i.status = 'error' and coalesce(i.last_error ->> 'code', 'suspended') = 'suspended' then 'active' else i.status end,
          last_error = case when i.last_error ->> 'code' = 'suspended' then null else i.last_error end
        where i.id = v.id;
    else
      v_error := jsonb_build_object('class', case v_what when 'ended' then 'dead_grant' else 'passing' end,
        'code', case v_what when 'ended' then 'uninstalled' else 'suspended' end, 'message', p_sentences ->> v_what,
        'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
      -- A suspension does not hide that the grant is dead.
      update public.integrations i set provider_state = v_what, provider_state_at = v_at,
          last_error = case when v_what = 'suspended' and i.last_error ->> 'class' = 'dead_grant' and not i.last_error ? 'slot'
            then i.last_error else v_error end,
          status = case when i.status = 'active' then 'error' else i.status end
        where i.id = v.id;
    end if;
    if v.provider_state is not distinct from nullif(v_what, 'resumed') then
      return; -- said before
    end if;
    perform private.note_event(v, 'integration.' || v_what, p_delivery_id, '{}');
    if v_what <> 'resumed' then
      return;
    end if;
  elsif v_what = 'permissions' then
    -- What was granted is not known until the provider says it again: each call finds out for itself.
    update public.integrations i set config = i.config || coalesce((
        select jsonb_object_agg(f.key, null) from jsonb_object_keys(i.config) as f (key) where f.key ~ '(^|_)scopes_granted$'), '{}')
      where i.id = v.id;
    perform private.note_event(v, 'integration.permissions_changed', p_delivery_id, '{}');
  elsif v_what not in ('resources', 'changed') then
    return;
  end if;

  -- One scan for a burst: one that is asked for already, or has not begun, will see this too.
  update public.integrations i set webhook_scan_due_at = greatest(clock_timestamp(), (
      select max(a.created_at) + private.webhook_scan_interval() from public.assessments a
      where a.integration_id = i.id and a.trigger = 'webhook'))
    where i.id = v.id and i.webhook_scan_due_at is null
      and not exists (select from public.assessments a where a.integration_id = i.id and a.status = 'queued');
  get diagnostics v_rows = row_count;
  if v_rows > 0 then
    perform private.note_event(v, 'scan.requested', p_delivery_id, jsonb_build_object('event', v_what, 'resource', p_event ->> 'resource_id'));
  end if;
end $$;

-- Applies the longest waiting delivery of a provider. False: none waits. One at a time, so that they take effect in the order in
-- which they came; organizations in one order, as everybody who writes to several logs.
create function public.apply_next_delivery(p_provider text, p_sandbox boolean, p_sentences jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_receipt public.webhook_receipts;
  v record;
begin
  perform pg_advisory_xact_lock(hashtextextended(format('deliveries %s %s', p_provider, p_sandbox), 0));
  select * into v_receipt from public.webhook_receipts r
    where r.provider = p_provider and r.sandbox = p_sandbox and r.processed_at is null
    order by r.received_at, r.id limit 1;
  if v_receipt.id is null then
    return false;
  end if;
  for v in
    select i.id as integration_id, e.event from jsonb_array_elements(v_receipt.events) with ordinality as e (event, position)
    join public.integrations i on i.integration_type = p_provider and i.sandbox = p_sandbox
      and i.external_account_id = e.event ->> 'account_id'
    order by i.organization_id, i.id, e.position
  loop
    perform private.apply_event(v.integration_id, v.event, v_receipt.received_at, v_receipt.delivery_id, p_sentences);
  end loop;
  update public.webhook_receipts set processed_at = clock_timestamp() where id = v_receipt.id;
  return true;
end $$;

-- Queues the scans that events asked for and whose time has come. While one runs, the next one waits for its end.
create function public.claim_webhook_scans(p_limit integer) returns setof uuid
language sql set search_path = '' as $$
  with due as (
    select i.id from public.integrations i
    where i.webhook_scan_due_at <= clock_timestamp() and i.status = 'active'
      and not exists (select from public.assessments a where a.integration_id = i.id and a.status in ('queued', 'running'))
    order by i.id limit p_limit for update skip locked
  ), moved as (
    update public.integrations i set webhook_scan_due_at = null from due where i.id = due.id returning i.id, i.organization_id
  )
  insert into public.assessments as a (organization_id, integration_id, trigger)
    select moved.organization_id, moved.id, 'webhook' from moved
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning a.id
$$;

revoke all on function private.integration_connected(), private.note_event(public.integrations, text, text, jsonb),
  private.webhook_scan_interval(), private.apply_event(uuid, jsonb, timestamptz, text, jsonb),
  public.accept_delivery(text, boolean, text, jsonb), public.waiting_deliveries(),
  public.apply_next_delivery(text, boolean, jsonb), public.claim_webhook_scans(integer)
  from public, anon, authenticated, service_role;
grant execute on function private.note_event(public.integrations, text, text, jsonb), private.webhook_scan_interval(),
  private.apply_event(uuid, jsonb, timestamptz, text, jsonb), public.accept_delivery(text, boolean, text, jsonb),
  public.waiting_deliveries(), public.apply_next_delivery(text, boolean, jsonb), public.claim_webhook_scans(integer)
  to service_role;
