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

-- What waits of a provider is applied in portions: all that a portion says of one integration in the order in which it came, and the
-- integrations in the order of locks. @returns how many deliveries; fewer than p_limit: nothing waits any more.
create function public.apply_deliveries(p_provider text, p_sandbox boolean, p_sentences jsonb, p_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
  v record;
begin
  perform pg_advisory_xact_lock(hashtextextended(format('deliveries %s %s', p_provider, p_sandbox), 0));
  v_ids := array(select r.id from public.webhook_receipts r
    where r.provider = p_provider and r.sandbox = p_sandbox and r.processed_at is null
    order by r.received_at, r.id limit p_limit);
  for v in
    select i.id as integration_id, e.event, r.received_at, r.delivery_id
    from public.webhook_receipts r
    cross join lateral jsonb_array_elements(r.events) with ordinality as e (event, position)
    cross join lateral (
      select * from public.integrations a
        where a.integration_type = p_provider and a.sandbox = p_sandbox and a.external_account_id = e.event ->> 'account_id'
      union all
      select * from public.integrations f
        where f.integration_type = p_provider and f.sandbox = p_sandbox and e.event ->> 'account_id' is null
          and f.config -> 'facts' @> (e.event -> 'facts') and e.event -> 'facts' <> '{}') i
    where r.id = any (v_ids)
    order by i.organization_id, i.id, r.received_at, r.id, e.position
  loop
    perform private.apply_event(v.integration_id, v.event, v.received_at, v.delivery_id, p_sentences);
  end loop;
  update public.webhook_receipts set processed_at = clock_timestamp() where id = any (v_ids);
  return cardinality(v_ids);
end $$;

drop function public.apply_next_delivery(text, boolean, jsonb);

revoke all on function public.accept_deliveries(jsonb), public.apply_deliveries(text, boolean, jsonb, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.accept_deliveries(jsonb), public.apply_deliveries(text, boolean, jsonb, integer) to service_role;
