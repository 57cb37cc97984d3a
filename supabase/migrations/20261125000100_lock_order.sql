-- One order in which everything locks, so that no two transactions ever wait for each other:
--
--   organizations → assessments → integrations → organization_keys → key_encryption_keys → refresh_journal
--     → what else hangs on an integration (resources, findings, health_changes, pending connections) → audit_heads
--
-- and of one table several rows by their key: integrations by id, organization_keys by (organization_id, key_id). Where rows are
-- picked, not named, with `for ... skip locked`, which waits for nobody. `for no key update` rather than `for update`: nobody's
-- foreign key has to wait for it.
--
-- Held against it: begin_refresh, lease_due_refreshes, send_refresh, finish_refresh, fail_refresh, release_refresh, settle_refreshes
-- (integration, keys, journal, audit; see the next file), note_probe, note_success, note_refusal, store_connection, change_integration,
-- mark_unverified, claim_due_integrations (integrations, then what hangs on them), take_credential (audit alone),
-- store_rotated_credentials (integrations alone), reserve_encryptions, credentials_to_rotate (current keys alone),
-- add_organization_key(s), store_wraps, drop_empty_keys (organizations, keys, what wraps them), complete_assessment,
-- fail_assessment (assessment, integration), remove_integration (assessments, integration, and its cascade to journal and health),
-- delete_organization (organization, and its cascade to its keys, in no order: so whoever takes several keys of one
-- organization takes the organization first).

-- Counts what is about to be encrypted under the organization's current key. @returns the key's total; null: there is no
-- such key, or it has not that many left
create function private.count_encryptions(p_organization_id uuid, p_count bigint) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_total bigint;
begin
  loop
    update public.organization_keys k set encryptions = k.encryptions + p_count
      where k.organization_id = p_organization_id and k.retired_at is null and k.encryptions + p_count <= 4294967296
      returning k.encryptions into v_total;
    -- Another key may have taken its place while this waited for it.
    exit when v_total is not null or not exists (select 1 from public.organization_keys k
      where k.organization_id = p_organization_id and k.retired_at is null and k.encryptions + p_count <= 4294967296);
  end loop;
  return v_total;
end $$;

-- The same for several, one after the other in order: to lock them all at once would miss keys that are made meanwhile. Once for
-- each organization, however often it is named. @returns those that have as many left
create function private.count_all_encryptions(p_organization_ids uuid[], p_counts bigint[]) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v record;
  v_counted uuid[] := '{}';
begin
  for v in
    select n.organization_id, sum(n.count)::bigint as count from unnest(p_organization_ids, p_counts) as n (organization_id, count)
    group by n.organization_id order by n.organization_id
  loop
    if private.count_encryptions(v.organization_id, v.count) is not null then
      v_counted := v_counted || v.organization_id;
    end if;
  end loop;
  return v_counted;
end $$;

-- As before; a key that is being replaced is not one that is used up.
create or replace function public.reserve_encryptions(p_organization_id uuid, p_count integer)
returns table (keys jsonb, encryptions bigint, exhausted boolean)
language plpgsql set search_path = '' as $$
declare
  v_total bigint := private.count_encryptions(p_organization_id, p_count);
begin
  return query select public.organization_wraps(p_organization_id), coalesce(v_total, 0::bigint),
    v_total is null and exists (select 1 from public.organization_keys k
      where k.organization_id = p_organization_id and k.retired_at is null);
end $$;

-- As before; the count, and the keys that are told, are of one moment: what the caller encrypts with is what was counted.
create or replace function public.credentials_to_rotate(p_after uuid, p_limit integer)
returns table (id uuid, organization_id uuid, integration_type text, version bigint, config jsonb, keys jsonb, reserved boolean)
language plpgsql set search_path = '' as $$
declare
  v_batch public.integrations[];
  v_counted uuid[];
begin
  v_batch := array(
    select i from public.integrations i
    join public.organization_keys k on k.organization_id = i.organization_id and k.retired_at is null
    where i.credential_key_id is distinct from k.key_id and i.config ->> 'access_token' is not null
      and i.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    order by i.id limit p_limit);
  select private.count_all_encryptions(array_agg(b.organization_id),
      array_agg((select count(*) from jsonb_object_keys(b.config) f where f ~ '_token$')))
    into v_counted from unnest(v_batch) b;
  return query
    select b.id, b.organization_id, b.integration_type, b.version, b.config,
      case when row_number() over (partition by b.organization_id order by b.id) = 1 then public.organization_wraps(b.organization_id) end,
      b.organization_id = any (v_counted)
    from unnest(v_batch) b order by b.id;
end $$;

-- As before, in the order of their ids.
create or replace function public.store_rotated_credentials(p_items jsonb) returns setof uuid
language plpgsql set search_path = '' as $$
begin
  perform 1 from public.integrations i
    where i.id in (select x.id from jsonb_to_recordset(p_items) as x (id uuid)) order by i.id for no key update;
  return query
    update public.integrations i set config = i.config || x.config
    from jsonb_to_recordset(p_items) as x (id uuid, version bigint, config jsonb)
    where i.id = x.id and i.version = x.version
    returning i.id;
end $$;

-- As before, in order.
create or replace function public.store_wraps(p_items jsonb, p_kek_id text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_stored integer;
begin
  perform 1 from public.organizations o
    where o.id in (select i.organization_id from jsonb_to_recordset(p_items) as i (organization_id uuid)) order by o.id for key share;
  perform 1 from public.organization_keys k
    where (k.organization_id, k.key_id) in (select i.organization_id, i.key_id from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text))
    order by k.organization_id, k.key_id for no key update;
  update public.organization_keys k set wrapped = i.wrapped, kek_id = p_kek_id
    from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text, seen text, wrapped text)
    where k.organization_id = i.organization_id and k.key_id = i.key_id and k.wrapped = i.seen;
  get diagnostics v_stored = row_count;
  perform public.count_wraps(p_kek_id, jsonb_array_length(p_items));
  return v_stored;
end $$;

-- add_organization_key without its count of wraps. The organization first: who deletes it holds that row, and wants its keys.
create function private.put_organization_key(
  p_organization_id uuid, p_key_id text, p_wrapped text, p_kek_id text, p_replaces text
) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform 1 from public.organizations o where o.id = p_organization_id for key share;
  update public.organization_keys set retired_at = clock_timestamp()
    where organization_id = p_organization_id and key_id = p_replaces and retired_at is null;
  if p_replaces is not null and not found then
    return false;
  end if;
  insert into public.organization_keys (organization_id, key_id, wrapped, kek_id)
    values (p_organization_id, p_key_id, p_wrapped, p_kek_id) on conflict do nothing;
  if not found then
    -- Undoes the retirement above: a key must be there that encrypts.
    update public.organization_keys set retired_at = null
      where organization_id = p_organization_id and key_id = p_replaces
        and not exists (select 1 from public.organization_keys k where k.organization_id = p_organization_id and k.retired_at is null);
    return false;
  end if;
  return true;
end $$;

create or replace function public.add_organization_key(
  p_organization_id uuid, p_key_id text, p_wrapped text, p_kek_id text, p_replaces text
) returns boolean
language plpgsql set search_path = '' as $$
begin
  if not private.put_organization_key(p_organization_id, p_key_id, p_wrapped, p_kek_id, p_replaces) then
    return false;
  end if;
  perform public.count_wraps(p_kek_id, 1);
  return true;
end $$;

-- The same for several: all organizations, then all keys, each in order, and at the end what wraps them, once.
create or replace function public.add_organization_keys(p_items jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_item record;
  v_added text[] := '{}';
begin
  perform 1 from public.organizations o
    where o.id in (select i.organization_id from jsonb_to_recordset(p_items) as i (organization_id uuid)) order by o.id for key share;
  for v_item in
    select i.* from jsonb_array_elements(p_items) with ordinality as e (item, position), jsonb_to_record(e.item)
      as i (organization_id uuid, key_id text, wrapped text, kek_id text, replaces text)
    order by i.organization_id, e.position
  loop
    if private.put_organization_key(v_item.organization_id, v_item.key_id, v_item.wrapped, v_item.kek_id, v_item.replaces) then
      v_added := v_added || v_item.kek_id;
    end if;
  end loop;
  perform public.count_wraps(a.kek_id, a.count) from (
    select kek_id, count(*)::integer as count from unnest(v_added) kek_id group by kek_id order by kek_id) a;
  return cardinality(v_added);
end $$;

-- As before, in order; and what was stored under a key while this waited for it is seen.
create or replace function public.drop_empty_keys() returns integer
language plpgsql set search_path = '' as $$
declare
  v_dropped integer;
begin
  perform 1 from public.organizations o
    where o.id in (select k.organization_id from public.organization_keys k where k.retired_at < now() - interval '1 day')
    order by o.id for key share;
  perform 1 from public.organization_keys k where k.retired_at < now() - interval '1 day'
    order by k.organization_id, k.key_id for update;
  delete from public.organization_keys k where k.retired_at < now() - interval '1 day'
    and not exists (select 1 from public.integrations i, jsonb_each_text(i.config) f
      where i.organization_id = k.organization_id and f.value like k.key_id || ':%');
  get diagnostics v_dropped = row_count;
  return v_dropped;
end $$;

-- As before; `for update` made the foreign key of somebody's own assessment wait, and this for that assessment.
create or replace function public.claim_due_integrations(p_items jsonb)
returns table (assessment_id uuid, integration_id uuid)
language sql set search_path = '' as $$
  with items as (
    select * from jsonb_to_recordset(p_items) as x (id uuid, seen timestamptz, next timestamptz)
  ), due as (
    select i.id, items.next from public.integrations i join items on items.id = i.id
    where i.next_check_at = items.seen and i.status = 'active'
    order by i.id for no key update of i
  ), moved as (
    update public.integrations i set next_check_at = due.next from due where i.id = due.id
    returning i.id, i.organization_id
  )
  insert into public.assessments as a (organization_id, integration_id, trigger)
    select moved.organization_id, moved.id, 'schedule' from moved
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning a.id, a.integration_id
$$;

revoke all on function private.count_encryptions(uuid, bigint), private.count_all_encryptions(uuid[], bigint[]),
  private.put_organization_key(uuid, text, text, text, text)
  from public, anon, authenticated, service_role;
grant execute on function private.count_encryptions(uuid, bigint), private.count_all_encryptions(uuid[], bigint[]),
  private.put_organization_key(uuid, text, text, text, text)
  to service_role;
