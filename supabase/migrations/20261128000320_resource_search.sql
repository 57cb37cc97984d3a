-- Finding and switching resources where there are thousands of them.

-- p_filter: {q?, kind?, enabled?, missing?, awaits_choice?}; what it does not say, does not matter. `q` is looked for anywhere in
-- name and id, without regard to case; as it stands, so that no letter of it has a meaning of its own.
create function private.matching_resources(p_integration_id uuid, p_organization_id uuid, p_filter jsonb)
returns setof public.integration_resources
language sql stable set search_path = '' as $$
  select r.* from public.integration_resources r
  where r.integration_id = p_integration_id and r.organization_id = p_organization_id
    and (p_filter ->> 'q' is null or position(lower(p_filter ->> 'q') in lower(r.name)) > 0
      or position(lower(p_filter ->> 'q') in lower(r.external_id)) > 0)
    and (p_filter ->> 'kind' is null or r.kind = p_filter ->> 'kind')
    and (p_filter ->> 'enabled' is null or r.enabled = (p_filter ->> 'enabled')::boolean)
    and (p_filter ->> 'missing' is null or (r.missing_since is not null) = (p_filter ->> 'missing')::boolean)
    and (p_filter ->> 'awaits_choice' is null or r.awaits_choice = (p_filter ->> 'awaits_choice')::boolean)
$$;

-- A page by name, under the caller's own row level security, and how many there are: {rows, counts: {total, enabled, missing,
-- awaiting_choice, matching, kinds}}. `place` is what a row is sorted by, before its id. `awaiting_choice`: of those that are there.
-- Null: no such integration.
create function public.list_resources(
  p_integration_id uuid, p_organization_id uuid, p_filter jsonb, p_limit integer,
  p_after_place text default null, p_after_id uuid default null
) returns jsonb
language sql stable set search_path = '' as $$
  with every as (
    select r.kind, r.enabled, r.missing_since, r.awaits_choice from public.integration_resources r
    where r.integration_id = p_integration_id and r.organization_id = p_organization_id
  ), matching as (
    select m.id, m.integration_id, m.kind, m.external_id, m.name, m.enabled, m.awaits_choice, m.metadata, m.missing_since, m.created_at,
      left(lower(m.name), 200) as place
    from private.matching_resources(p_integration_id, p_organization_id, p_filter) m
  ), page as (
    select * from matching m where p_after_id is null or (m.place, m.id) > (p_after_place, p_after_id)
    order by m.place, m.id limit p_limit
  )
  select jsonb_build_object(
    'rows', coalesce((select jsonb_agg(to_jsonb(p) order by p.place, p.id) from page p), '[]'),
    'counts', (select jsonb_build_object('total', count(*), 'enabled', count(*) filter (where e.enabled),
        'missing', count(*) filter (where e.missing_since is not null),
        'awaiting_choice', count(*) filter (where e.awaits_choice and e.missing_since is null)) from every e)
      || jsonb_build_object('matching', (select count(*) from matching), 'kinds', coalesce(
        (select jsonb_object_agg(k.kind, k.n) from (select e.kind, count(*) as n from every e group by e.kind) k), '{}')))
  from public.integrations i where i.id = p_integration_id and i.organization_id = p_organization_id
$$;

-- Switches all that match on or off, with one entry. @returns how many that changed; null: no such integration in an organization
-- that the caller administers
create function private.change_resources(
  p_integration_id uuid, p_organization_id uuid, p_filter jsonb, p_enabled boolean, p_request jsonb
) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  v_changed integer;
begin
  -- Before its resources: whoever lists them anew does the same.
  perform 1 from public.integrations i where i.id = p_integration_id and i.organization_id = p_organization_id
    and i.organization_id in (select private.my_administered_organization_ids()) for no key update;
  if not found then
    return null;
  end if;
  update public.integration_resources r set enabled = p_enabled
    where r.id in (select m.id from private.matching_resources(p_integration_id, p_organization_id, p_filter) m
      where m.enabled <> p_enabled or m.awaits_choice);
  get diagnostics v_changed = row_count;
  if v_changed > 0 then
    perform private.note_deed(p_organization_id, 'resources.changed', 'integration', p_integration_id::text,
      jsonb_build_object('enabled', p_enabled, 'changed', v_changed, 'filter', p_filter), p_request);
  end if;
  return v_changed;
end $$;

create function public.change_resources(
  p_integration_id uuid, p_organization_id uuid, p_filter jsonb, p_enabled boolean, p_request jsonb default null
) returns integer
language sql set search_path = '' as $$
  select private.change_resources(p_integration_id, p_organization_id, p_filter, p_enabled, p_request)
$$;

revoke all on function private.matching_resources(uuid, uuid, jsonb), public.list_resources(uuid, uuid, jsonb, integer, text, uuid),
  private.change_resources(uuid, uuid, jsonb, boolean, jsonb), public.change_resources(uuid, uuid, jsonb, boolean, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.matching_resources(uuid, uuid, jsonb), public.list_resources(uuid, uuid, jsonb, integer, text, uuid),
  private.change_resources(uuid, uuid, jsonb, boolean, jsonb), public.change_resources(uuid, uuid, jsonb, boolean, jsonb)
  to authenticated;
