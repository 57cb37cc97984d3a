-- What each key holds, whole. A data API gives out so many rows at most (max_rows, 1,000) and says nothing of the rest, and the
-- counts had a row for each organization: a key that is still needed could be hidden. Now one document for each portion of the
-- organizations, which bounds the time of a statement as well.

-- The organizations after `p_after` (null: from the first), by id: `uses` counts their wraps by key-encryption key, and their
-- values by data key, and by ENCRYPTION_KEY itself from before there were data keys (no organization has such a key); `last` is
-- what comes next after. Null: there are none.
drop function public.key_census();
create function public.key_census(p_after uuid, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  with page as materialized (
    select o.id from public.organizations o
    where o.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000') order by o.id limit p_limit),
  stored as materialized (
    select s.organization_id, left(s.value, 8) as key_id, count(*) as held
    from page p join private.sealed_values s on s.organization_id = p.id
    group by 1, 2),
  uses as (
    select 'wrap' as kind, k.kek_id as key_id, count(*) as held, coalesce(max(c.encryptions), 0) as encryptions,
        count(distinct k.organization_id) as organizations
      from page p join public.organization_keys k on k.organization_id = p.id
      left join public.key_encryption_keys c on c.kek_id = k.kek_id group by k.kek_id
    union all
    select 'data_key', k.key_id, coalesce(s.held, 0), k.encryptions, 1
      from page p join public.organization_keys k on k.organization_id = p.id
      left join stored s on s.organization_id = k.organization_id and s.key_id = k.key_id
    union all
    select 'direct', s.key_id, sum(s.held)::bigint, 0, count(*)
      from stored s where not exists (select 1 from public.organization_keys k
        where k.organization_id = s.organization_id and k.key_id = s.key_id)
      group by s.key_id)
  select jsonb_build_object('uses', coalesce((select jsonb_agg(to_jsonb(u)) from uses u), '[]'),
    'last', (select p.id from page p order by p.id desc limit 1))
  where exists (select 1 from page)
$$;

-- Which keys does this installation need? One document, by the rows' own index, and what waits, which are few: {kind, key_id, held} of each.
drop function public.keys_needed();
create function public.keys_needed() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(n)), '[]') from (
    select 'wrap' as kind, k.kek_id as key_id, count(*) as held from public.organization_keys k group by k.kek_id
    union all
    select 'direct', v.key_id, count(*) from (
        select i.organization_id, i.credential_key_id as key_id from public.integrations i
        union all
        select c.organization_id, substring(c.config ->> 'access_token' from '^([0-9a-f]{8}):') from public.pending_connections c) v
      where v.key_id is not null and not exists (select 1 from public.organization_keys k
        where k.organization_id = v.organization_id and k.key_id = v.key_id)
      group by v.key_id) n
$$;

revoke all on function public.key_census(uuid, integer), public.keys_needed() from public, anon, authenticated, service_role;
grant execute on function public.key_census(uuid, integer), public.keys_needed() to service_role;
