-- Keys: what waits for a person's word rests on them too, and a change of them is a deed with its entry.

-- Every value that is encrypted, wherever it is kept.
create view private.sealed_values with (security_invoker = true) as
  select i.organization_id, f.value from public.integrations i, jsonb_each_text(i.config) f
  where f.value ~ '^[0-9a-f]{8}:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.'
  union all
  select c.organization_id, f.value from public.pending_connections c, jsonb_each_text(c.config) f
  where f.value ~ '^[0-9a-f]{8}:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.';
revoke all on table private.sealed_values from public, anon, authenticated, service_role;
grant select on table private.sealed_values to service_role;

create function private.note_keys(p_organization_id uuid, p_action text, p_detail jsonb) returns void
language sql set search_path = '' as $$
  select private.write_audit(p_organization_id, jsonb_build_object('actor_type', 'system', 'action', p_action,
    'target_type', 'organization', 'target_id', p_organization_id, 'detail', p_detail))
$$;

-- As before, with its entry; the first key is part of what it is made for.
create or replace function public.add_organization_key(
  p_organization_id uuid, p_key_id text, p_wrapped text, p_kek_id text, p_replaces text
) returns boolean
language plpgsql set search_path = '' as $$
begin
  if not private.put_organization_key(p_organization_id, p_key_id, p_wrapped, p_kek_id, p_replaces) then
    return false;
  end if;
  perform public.count_wraps(p_kek_id, 1);
  if p_replaces is not null then
    perform private.note_keys(p_organization_id, 'key.replaced', jsonb_build_object('key', p_key_id, 'replaces', p_replaces));
  end if;
  return true;
end $$;

-- As before, with an entry for each key that was replaced: the logs last, in order.
create or replace function public.add_organization_keys(p_items jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_item record;
  v_added text[] := '{}';
  v_replaced jsonb[] := '{}';
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
      if v_item.replaces is not null then
        v_replaced := v_replaced || jsonb_build_object('organization_id', v_item.organization_id, 'key', v_item.key_id, 'replaces', v_item.replaces);
      end if;
    end if;
  end loop;
  perform public.count_wraps(a.kek_id, a.count) from (
    select kek_id, count(*)::integer as count from unnest(v_added) kek_id group by kek_id order by kek_id) a;
  perform private.note_keys((r ->> 'organization_id')::uuid, 'key.replaced', r - 'organization_id') from unnest(v_replaced) r;
  return cardinality(v_added);
end $$;

-- As before, with an entry for each organization.
create or replace function public.store_wraps(p_items jsonb, p_kek_id text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_stored jsonb[];
begin
  perform 1 from public.organizations o
    where o.id in (select i.organization_id from jsonb_to_recordset(p_items) as i (organization_id uuid)) order by o.id for key share;
  perform 1 from public.organization_keys k
    where (k.organization_id, k.key_id) in (select i.organization_id, i.key_id from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text))
    order by k.organization_id, k.key_id for no key update;
  with stored as (
    update public.organization_keys k set wrapped = i.wrapped, kek_id = p_kek_id
    from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text, seen text, wrapped text)
    where k.organization_id = i.organization_id and k.key_id = i.key_id and k.wrapped = i.seen
    returning k.organization_id, k.key_id)
  select coalesce(array_agg(jsonb_build_object('organization_id', o.organization_id, 'keys', o.keys) order by o.organization_id), '{}') into v_stored
    from (select s.organization_id, jsonb_agg(s.key_id order by s.key_id) as keys from stored s group by 1) o;
  perform public.count_wraps(p_kek_id, jsonb_array_length(p_items));
  perform private.note_keys((o ->> 'organization_id')::uuid, 'key.rewrapped', jsonb_build_object('keys', o -> 'keys', 'under', p_kek_id))
    from unnest(v_stored) o;
  return (select coalesce(sum(jsonb_array_length(o -> 'keys')), 0) from unnest(v_stored) o);
end $$;

-- As before, and what is handed out to be re-encrypted is noted as used: an entry for each organization of a batch.
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
  insert into public.audit_log (organization_id, actor_type, action, target_type, target_id, detail)
    select b.organization_id, 'system', 'credential.used', 'organization', b.organization_id,
      jsonb_build_object('purpose', 'rotate_keys', 'integration_ids', jsonb_agg(b.id order by b.id))
    from unnest(v_batch) b group by b.organization_id order by b.organization_id;
  return query
    select b.id, b.organization_id, b.integration_type, b.version, b.config,
      case when row_number() over (partition by b.organization_id order by b.id) = 1 then public.organization_wraps(b.organization_id) end,
      b.organization_id = any (v_counted)
    from unnest(v_batch) b order by b.id;
end $$;

-- As before, what waits counted as well, and with an entry for each organization.
create or replace function public.drop_empty_keys() returns integer
language plpgsql set search_path = '' as $$
declare
  v_dropped jsonb[];
begin
  perform 1 from public.organizations o
    where o.id in (select k.organization_id from public.organization_keys k where k.retired_at < now() - interval '1 day')
    order by o.id for key share;
  perform 1 from public.organization_keys k where k.retired_at < now() - interval '1 day'
    order by k.organization_id, k.key_id for update;
  with dropped as (
    delete from public.organization_keys k where k.retired_at < now() - interval '1 day'
      and not exists (select from private.sealed_values s where s.organization_id = k.organization_id and s.value like k.key_id || ':%')
    returning k.organization_id, k.key_id)
  select coalesce(array_agg(jsonb_build_object('organization_id', o.organization_id, 'keys', o.keys) order by o.organization_id), '{}') into v_dropped
    from (select d.organization_id, jsonb_agg(d.key_id order by d.key_id) as keys from dropped d group by 1) o;
  perform private.note_keys((o ->> 'organization_id')::uuid, 'key.dropped', jsonb_build_object('keys', o -> 'keys')) from unnest(v_dropped) o;
  return (select coalesce(sum(jsonb_array_length(o -> 'keys')), 0) from unnest(v_dropped) o);
end $$;

revoke all on function private.note_keys(uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function private.note_keys(uuid, text, jsonb) to service_role;
