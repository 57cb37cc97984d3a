-- What a provider said of a grant stands until it says otherwise: neither a renewed token nor an answer to some call takes it back,
-- since a person's token may well outlive the installation of the app. Another consent does, or a list of what the grant reaches.

create index integrations_facts_idx on public.integrations using gin ((config -> 'facts') jsonb_path_ops);

create or replace function private.integration_connected() returns trigger
language plpgsql set search_path = '' as $$
begin
  -- Another consent (server/integrations/grant.ts gives each an id): what was said of the one before is of no account.
  if new.config ->> 'grant_id' is distinct from old.config ->> 'grant_id' then
    new.connected_at := clock_timestamp();
    new.provider_state := null;
    new.provider_state_at := null;
  elsif old.provider_state is not null and new.provider_state is not null then
    if new.status = 'active' then
      new.status := 'error';
    end if;
    -- That the grant is dead is worse than a suspension, and no news after an end.
    if old.last_error ->> 'code' = 'uninstalled'
      or (old.last_error ->> 'code' = 'suspended' and new.last_error ->> 'class' is distinct from 'dead_grant') then
      new.last_error := old.last_error;
    end if;
  end if;
  return new;
end $$;

-- What the grant reaches could be listed, after the provider had said that it reaches nothing: an event that came too late, or one
-- that never came.
create function public.note_reached(p_id uuid) returns void
language sql set search_path = '' as $$
  update public.integrations i set provider_state = null, provider_state_at = clock_timestamp(),
      status = case when i.status = 'error' and coalesce(i.last_error ->> 'code', '') in ('uninstalled', 'suspended', '') then 'active' else i.status end,
      last_error = case when i.last_error ->> 'code' in ('uninstalled', 'suspended') then null else i.last_error end
    where i.id = p_id and i.provider_state is not null
$$;

-- As before; what it says is a word about the API, not about the token endpoint. It is left alone by what happened before it was connected, by what older news says of its
-- grant, and by what is of another grant than its facts say.
create or replace function private.apply_event(p_integration_id uuid, p_event jsonb, p_received_at timestamptz, p_delivery_id text, p_sentences jsonb)
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
        'code', case v_what when 'ended' then 'uninstalled' else 'suspended' end, 'call', 'api', 'message', p_sentences ->> v_what,
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

-- As before, also what names no account but facts: it is about whichever grants have them. One at a time, so that they take effect in the order in
-- which they came; organizations in one order, as everybody who writes to several logs.
create or replace function public.apply_next_delivery(p_provider text, p_sandbox boolean, p_sentences jsonb) returns boolean
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
    cross join lateral (
      select * from public.integrations a
        where a.integration_type = p_provider and a.sandbox = p_sandbox and a.external_account_id = e.event ->> 'account_id'
      union all
      select * from public.integrations f
        where f.integration_type = p_provider and f.sandbox = p_sandbox and e.event ->> 'account_id' is null
          and f.config -> 'facts' @> (e.event -> 'facts') and e.event -> 'facts' <> '{}') i
    order by i.organization_id, i.id, e.position
  loop
    perform private.apply_event(v.integration_id, v.event, v_receipt.received_at, v_receipt.delivery_id, p_sentences);
  end loop;
  update public.webhook_receipts set processed_at = clock_timestamp() where id = v_receipt.id;
  return true;
end $$;

revoke all on function public.note_reached(uuid) from public, anon, authenticated, service_role;
grant execute on function public.note_reached(uuid) to service_role;
