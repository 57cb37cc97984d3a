-- Whether what a grant newly reaches is scanned by itself. Where not, it comes in switched off and waits for somebody to choose.

alter table public.integrations add column scan_new_resources boolean not null default true;
grant select (scan_new_resources) on table public.integrations to authenticated;

-- Came in switched off, and nobody has said yet whether it is to be scanned.
alter table public.integration_resources add column awaits_choice boolean not null default false;

-- Also takes the integration before any of its resources, as lock_order has it: a list that is written anew and somebody who
-- switches many at once would otherwise wait for each other. At connecting the integration's own row is as it was just made.
create function private.resource_comes_in() returns trigger
language plpgsql set search_path = '' as $$
declare
  v_scan boolean;
begin
  select i.scan_new_resources into v_scan from public.integrations i where i.id = new.integration_id for no key update;
  if not v_scan then
    new.enabled := false;
    new.awaits_choice := true;
  end if;
  return new;
end $$;
create trigger resource_comes_in before insert on public.integration_resources
  for each row execute function private.resource_comes_in();

-- Whoever switches it has chosen, even if it stays as it is.
create function private.resource_chosen() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.awaits_choice := false;
  return new;
end $$;
create trigger resource_chosen before update of enabled on public.integration_resources
  for each row execute function private.resource_chosen();

revoke all on function private.resource_comes_in(), private.resource_chosen() from public, anon, authenticated, service_role;

-- As before, with the new switch. Null leaves a value as it is. False: no such integration in an organization that the caller
-- administers.
drop function public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, jsonb);
drop function private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, jsonb);
create function private.change_integration(
  p_id uuid, p_organization_id uuid, p_name text, p_status text, p_scan_schedule text, p_next_check_at timestamptz,
  p_enabled_checks jsonb, p_scan_new_resources boolean, p_request jsonb
) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.integrations set
    name = coalesce(btrim(p_name), name),
    status = coalesce(p_status, status),
    scan_schedule = coalesce(p_scan_schedule, scan_schedule),
    next_check_at = coalesce(p_next_check_at, next_check_at),
    scan_new_resources = coalesce(p_scan_new_resources, scan_new_resources),
    config = case when p_enabled_checks is null then config
      else jsonb_set(config, '{enabled_checks}', p_enabled_checks) end
  where id = p_id and organization_id = p_organization_id
    and organization_id in (select private.my_administered_organization_ids())
    and coalesce(p_status, 'active') in ('active', 'paused')
    and jsonb_typeof(coalesce(p_enabled_checks, '[]')) = 'array';
  if not found then
    return false;
  end if;
  perform private.note_deed(p_organization_id, 'integration.changed', 'integration', p_id::text, jsonb_strip_nulls(jsonb_build_object(
    'name', btrim(p_name), 'status', p_status, 'scan_schedule', p_scan_schedule, 'enabled_checks', p_enabled_checks,
    'scan_new_resources', p_scan_new_resources)), p_request);
  return true;
end $$;

create function public.change_integration(
  p_id uuid, p_organization_id uuid, p_name text default null, p_status text default null,
  p_scan_schedule text default null, p_next_check_at timestamptz default null, p_enabled_checks jsonb default null,
  p_scan_new_resources boolean default null, p_request jsonb default null
) returns boolean
language sql set search_path = '' as $$
  select private.change_integration(p_id, p_organization_id, p_name, p_status, p_scan_schedule, p_next_check_at,
    p_enabled_checks, p_scan_new_resources, p_request)
$$;

revoke all on function
  private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, boolean, jsonb),
  public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, boolean, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  private.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, boolean, jsonb),
  public.change_integration(uuid, uuid, text, text, text, timestamptz, jsonb, boolean, jsonb)
  to authenticated;
