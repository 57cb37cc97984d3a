-- Deliveries that come at the same time are written down together, in the order in which they came: providers send in bursts, and
-- want their answer soon. p_items: provider, sandbox, delivery_id, events. @returns for each whether it is new; one that comes twice
-- in one call is new once.
create function public.accept_deliveries(p_items jsonb) returns boolean[]
language sql set search_path = '' as $$
  with items as (
    select i.*, row_number() over (partition by i.provider, i.sandbox, i.delivery_id order by i.position) = 1 as first
    from rows from (jsonb_to_recordset(p_items) as (provider text, sandbox boolean, delivery_id text, events jsonb))
      with ordinality as i (provider, sandbox, delivery_id, events, position)
  ), written as (
    insert into public.webhook_receipts (provider, sandbox, delivery_id, events, received_at)
      select i.provider, i.sandbox, i.delivery_id, i.events, clock_timestamp() from items i where i.first order by i.position
      on conflict do nothing
      returning provider, sandbox, delivery_id
  )
  select array_agg(i.first and w.delivery_id is not null order by i.position)
  from items i left join written w using (provider, sandbox, delivery_id)
$$;

drop function public.accept_delivery(text, boolean, text, jsonb);

-- What deliveries say, of which integrations, in the order in which it is to be applied: what names no account but facts is about
-- whichever grants have them.
create function private.events_of(p_receipts uuid[])
returns table (integration_id uuid, event jsonb, received_at timestamptz, delivery_id text)
language sql stable set search_path = '' as $$
  select i.id, e.event, r.received_at, r.delivery_id
  from public.webhook_receipts r
  cross join lateral jsonb_array_elements(r.events) with ordinality as e (event, position)
  cross join lateral (
    select * from public.integrations a
      where a.integration_type = r.provider and a.sandbox = r.sandbox and a.external_account_id = e.event ->> 'account_id'
    union all
    select * from public.integrations f
      where f.integration_type = r.provider and f.sandbox = r.sandbox and e.event ->> 'account_id' is null
        and f.config -> 'facts' @> (e.event -> 'facts') and e.event -> 'facts' <> '{}') i
  where r.id = any (p_receipts)
  order by i.organization_id, i.id, r.received_at, r.id, e.position
$$;

-- The audit entry of what a provider's event did to an integration, for write_audit.
create function private.event_entry(v public.integrations, p_action text, p_delivery_id text, p_detail jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('organization_id', v.organization_id, 'actor_type', 'system', 'action', p_action,
    'target_type', 'integration', 'target_id', v.id,
    'detail', jsonb_build_object('integration_type', v.integration_type, 'delivery_id', p_delivery_id) || jsonb_strip_nulls(p_detail))
$$;

-- As before, and @returns the audit entries instead of writing them: the caller does, when it has all its integrations.
drop function private.apply_event(uuid, jsonb, timestamptz, text, jsonb);
create function private.apply_event(p_integration_id uuid, p_event jsonb, p_received_at timestamptz, p_delivery_id text, p_sentences jsonb)
returns setof jsonb
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_what text := p_event ->> 'what';
  -- The provider's clock may be ahead: nothing happens after we hear of it.
  v_at timestamptz := least(coalesce((p_event ->> 'at')::timestamptz, p_received_at), p_received_at);
  v_error jsonb;
  v_rows integer;
begin
  select * into v from public.integrations i where i.id = p_integration_id for no key update;
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
    return next private.event_entry(v, 'integration.' || v_what, p_delivery_id, '{}');
    if v_what <> 'resumed' then
      return;
    end if;
  elsif v_what = 'permissions' then
    -- What was granted is not known until the provider says it again: each call finds out for itself.
    update public.integrations i set config = i.config || coalesce((
        select jsonb_object_agg(f.key, null) from jsonb_object_keys(i.config) as f (key) where f.key ~ '(^|_)scopes_granted$'), '{}')
      where i.id = v.id;
    return next private.event_entry(v, 'integration.permissions_changed', p_delivery_id, '{}');
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
    return next private.event_entry(v, 'scan.requested', p_delivery_id, jsonb_build_object('event', v_what, 'resource', p_event ->> 'resource_id'));
  end if;
end $$;

drop function private.note_event(public.integrations, text, text, jsonb);

-- What waits of a provider is applied in portions: all that a portion says of one integration in the order in which it came. In
-- the order of locks: all its organizations, all its integrations, and the audit entries at the end, organization by
-- organization. @returns how many deliveries; fewer than p_limit: nothing waits any more.
create function public.apply_deliveries(p_provider text, p_sandbox boolean, p_sentences jsonb, p_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
  v_integrations uuid[];
  v_entries jsonb[] := '{}';
  v record;
begin
  perform pg_advisory_xact_lock(hashtextextended(format('deliveries %s %s', p_provider, p_sandbox), 0));
  v_ids := array(select r.id from public.webhook_receipts r
    where r.provider = p_provider and r.sandbox = p_sandbox and r.processed_at is null
    order by r.received_at, r.id limit p_limit);
  v_integrations := array(select distinct e.integration_id from private.events_of(v_ids) e);
  -- Postgres looks at the foreign key of a row that is written twice.
  perform 1 from public.organizations o where o.id in (select i.organization_id from public.integrations i where i.id = any (v_integrations))
    order by o.id for key share;
  perform 1 from public.integrations i where i.id = any (v_integrations) order by i.id for no key update;
  -- Of these alone: what is connected meanwhile is not locked, and would not have been seen a moment ago.
  for v in select * from private.events_of(v_ids) e where e.integration_id = any (v_integrations) loop
    v_entries := v_entries || array(
      select private.apply_event(v.integration_id, v.event, v.received_at, v.delivery_id, p_sentences));
  end loop;
  update public.webhook_receipts set processed_at = clock_timestamp() where id = any (v_ids);
  perform private.write_audit((e ->> 'organization_id')::uuid, e) from unnest(v_entries) e;
  return cardinality(v_ids);
end $$;

drop function public.apply_next_delivery(text, boolean, jsonb);

revoke all on function private.events_of(uuid[]), private.event_entry(public.integrations, text, text, jsonb),
  private.apply_event(uuid, jsonb, timestamptz, text, jsonb),
  public.accept_deliveries(jsonb), public.apply_deliveries(text, boolean, jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function private.events_of(uuid[]), private.event_entry(public.integrations, text, text, jsonb),
  private.apply_event(uuid, jsonb, timestamptz, text, jsonb),
  public.accept_deliveries(jsonb), public.apply_deliveries(text, boolean, jsonb, integer)
  to service_role;
