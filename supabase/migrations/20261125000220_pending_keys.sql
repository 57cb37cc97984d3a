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

-- Puts a new key in place of the current one that the caller saw (null: none). False: somebody was faster.
create or replace function public.add_organization_key(
  p_organization_id uuid, p_key_id text, p_wrapped text, p_kek_id text, p_replaces text
) returns boolean
language plpgsql set search_path = '' as $$
begin
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
  perform public.count_wraps(p_kek_id, 1);
  -- The first one is part of what it is made for.
  if p_replaces is not null then
    perform private.note_keys(p_organization_id, 'key.replaced', jsonb_build_object('key', p_key_id, 'replaces', p_replaces));
  end if;
  return true;
end $$;

-- The same for several, in the order in which everybody writes to several logs. @returns how many were added
create or replace function public.add_organization_keys(p_items jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_item record;
  v_added integer := 0;
begin
  for v_item in select * from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text, wrapped text, kek_id text, replaces text)
    order by i.organization_id loop
    if public.add_organization_key(v_item.organization_id, v_item.key_id, v_item.wrapped, v_item.kek_id, v_item.replaces) then
      v_added := v_added + 1;
    end if;
  end loop;
  return v_added;
end $$;

-- Rewrites wraps that are still the ones that were read. @returns how many
create or replace function public.store_wraps(p_items jsonb, p_kek_id text) returns integer
language plpgsql set search_path = '' as $$
declare
  v record;
  v_stored integer := 0;
begin
  for v in
    with stored as (
      update public.organization_keys k set wrapped = i.wrapped, kek_id = p_kek_id
      from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text, seen text, wrapped text)
      where k.organization_id = i.organization_id and k.key_id = i.key_id and k.wrapped = i.seen
      returning k.organization_id, k.key_id)
    select s.organization_id, jsonb_agg(s.key_id order by s.key_id) as keys, count(*) as number from stored s group by 1 order by 1
  loop
    v_stored := v_stored + v.number;
    perform private.note_keys(v.organization_id, 'key.rewrapped', jsonb_build_object('keys', v.keys, 'under', p_kek_id));
  end loop;
  perform public.count_wraps(p_kek_id, jsonb_array_length(p_items));
  return v_stored;
end $$;

-- As before, and what is handed out to be re-encrypted is noted as used: an entry for each organization of a batch.
create or replace function public.credentials_to_rotate(p_after uuid, p_limit integer)
returns table (id uuid, organization_id uuid, integration_type text, version bigint, config jsonb, keys jsonb, reserved boolean)
language sql set search_path = '' as $$
  with batch as materialized (
    select i.id, i.organization_id, i.integration_type, i.version, i.config from public.integrations i
    join public.organization_keys k on k.organization_id = i.organization_id and k.retired_at is null
    where i.credential_key_id is distinct from k.key_id and i.config ->> 'access_token' is not null
      and i.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    order by i.id limit p_limit),
  needed as materialized (
    select b.organization_id, sum((select count(*) from jsonb_object_keys(b.config) f where f ~ '_token$')) as encryptions,
      public.organization_wraps(b.organization_id) as keys, jsonb_agg(b.id) as ids
    from batch b group by b.organization_id),
  counted as (
    update public.organization_keys k set encryptions = k.encryptions + n.encryptions from needed n
    where k.organization_id = n.organization_id and k.retired_at is null and k.encryptions + n.encryptions <= 4294967296
    returning k.organization_id),
  noted as (
    insert into public.audit_log (organization_id, actor_type, action, target_type, target_id, detail)
      select n.organization_id, 'system', 'credential.used', 'organization', n.organization_id,
        jsonb_build_object('purpose', 'rotate_keys', 'integration_ids', n.ids)
      from needed n order by n.organization_id
      returning organization_id)
  select b.*, case when row_number() over (partition by b.organization_id order by b.id) = 1 then n.keys end, c.organization_id is not null
  from batch b join needed n using (organization_id) left join counted c using (organization_id) order by b.id
$$;

-- Retired keys under which nothing is left. A day's grace: somebody may have been about to encrypt with one.
create or replace function public.drop_empty_keys() returns integer
language plpgsql set search_path = '' as $$
declare
  v record;
  v_dropped integer := 0;
begin
  for v in
    with dropped as (
      delete from public.organization_keys k where k.retired_at < now() - interval '1 day'
        and not exists (select from private.sealed_values s where s.organization_id = k.organization_id and s.value like k.key_id || ':%')
      returning k.organization_id, k.key_id)
    select d.organization_id, jsonb_agg(d.key_id order by d.key_id) as keys, count(*) as number from dropped d group by 1 order by 1
  loop
    v_dropped := v_dropped + v.number;
    perform private.note_keys(v.organization_id, 'key.dropped', jsonb_build_object('keys', v.keys));
  end loop;
  return v_dropped;
end $$;

-- What each key holds: wraps by key-encryption key; values by data key, and by ENCRYPTION_KEY itself from before there were
-- data keys (no organization has such a key). One row for each key of each kind.
create or replace function public.key_census()
returns table (kind text, key_id text, held bigint, encryptions bigint, organizations bigint)
language sql stable set search_path = '' as $$
  select 'wrap', k.kek_id, count(*), coalesce(max(c.encryptions), 0), count(distinct k.organization_id)
    from public.organization_keys k left join public.key_encryption_keys c on c.kek_id = k.kek_id group by k.kek_id
  union all
  select 'data_key', k.key_id, coalesce(sum(v.held), 0)::bigint, sum(k.encryptions)::bigint, 1
    from public.organization_keys k left join lateral (
      select count(*) as held from private.sealed_values s
      where s.organization_id = k.organization_id and s.value like k.key_id || ':%') v on true
    group by k.organization_id, k.key_id
  union all
  select 'direct', substring(s.value from '^([0-9a-f]{8}):'), count(*), 0::bigint, count(distinct s.organization_id)
    from private.sealed_values s
    where not exists (select 1 from public.organization_keys k
      where k.organization_id = s.organization_id and s.value like k.key_id || ':%')
    group by 2
$$;

-- The same question at each start, by the rows' own index: which keys does this installation need? Of what waits there are few.
create or replace function public.keys_needed() returns table (kind text, key_id text, held bigint)
language sql stable set search_path = '' as $$
  select 'wrap', k.kek_id, count(*) from public.organization_keys k group by k.kek_id
  union all
  select 'direct', v.key_id, count(*) from (
      select i.organization_id, i.credential_key_id as key_id from public.integrations i
      union all
      select c.organization_id, substring(c.config ->> 'access_token' from '^([0-9a-f]{8}):') from public.pending_connections c) v
    where v.key_id is not null and not exists (select 1 from public.organization_keys k
      where k.organization_id = v.organization_id and k.key_id = v.key_id)
    group by v.key_id
$$;

revoke all on function private.note_keys(uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function private.note_keys(uuid, text, jsonb) to service_role;
