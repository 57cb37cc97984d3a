-- Why a finding is not open any more: `fixed` (the check passed), `not_applicable` (it does not apply any more) or `gone` (the
-- provider no longer lists its resource: nobody has fixed anything). Triggers say it, so that whoever writes can't forget.

alter table public.findings add column resolution text check (resolution in ('fixed', 'not_applicable', 'gone'));

-- What went before is not known any better; what is gone already was left open.
update public.findings set resolution = 'fixed' where status = 'resolved';
update public.findings f set status = 'resolved', resolved_at = r.missing_since, resolution = 'gone'
  from public.integration_resources r where r.id = f.resource_id and f.status = 'open' and r.missing_since is not null;

alter table public.findings add constraint findings_resolution_of_resolved check ((status = 'resolved') = (resolution is not null));

-- What is written while a resource vanishes is gone with it: a scan may have asked before the provider took it off its list.
create function private.finding_resolution() returns trigger
language plpgsql set search_path = '' as $$
declare
  v_gone timestamptz := (select r.missing_since from public.integration_resources r where r.id = new.resource_id);
begin
  if new.status = 'open' and v_gone is not null then
    new.status := 'resolved';
    new.resolved_at := v_gone;
    new.resolution := 'gone';
  elsif new.status = 'open' then
    new.resolution := null;
  elsif new.resolution is null then
    -- The verdict of the assessment that is just being stored, or the resource itself.
    new.resolution := coalesce(
      (select case r.verdict when 'pass' then 'fixed' when 'not_applicable' then 'not_applicable' end
        from public.assessment_results r
        where r.resource_id = new.resource_id and r.check_id = new.check_id and r.assessment_id = (
          select a.id from public.assessments a where a.integration_id = new.integration_id order by a.created_at desc limit 1)),
      case when v_gone is not null then 'gone' end,
      'fixed');
  end if;
  return new;
end $$;
create trigger finding_resolution before insert or update on public.findings
  for each row execute function private.finding_resolution();

-- The findings of a resource that the provider no longer lists. When it comes back and fails again, they open anew.
create function private.resource_vanished() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.findings f set status = 'resolved', resolved_at = new.missing_since, resolution = 'gone'
    where f.resource_id = new.id and f.status = 'open';
  return null;
end $$;
create trigger resource_vanished after update of missing_since on public.integration_resources
  for each row when (old.missing_since is null and new.missing_since is not null)
  execute function private.resource_vanished();

revoke all on function private.finding_resolution(), private.resource_vanished() from public, anon, authenticated, service_role;
