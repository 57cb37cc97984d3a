-- A connection that nothing has verified as planned must not show green for days, nor turn grey in silence. Every connection is
-- looked at once a day at least: by a renewal, a scan, or a probe. One that failed shows in the row at once; when none could be
-- made, a day and a half after the last success is the end of it, and that is told like any other change.

-- server/integrations/health.ts has the same number.
create or replace function private.verification_lasts() returns interval
language sql immutable set search_path = '' as $$ select interval '36 hours' $$;

alter table public.health_changes drop constraint health_changes_alert_check;
alter table public.health_changes add constraint health_changes_alert_check
  check (alert in ('action_required', 'degraded', 'unknown', 'recovered'));

create or replace function private.note_health_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_alert text;
begin
  if tg_op = 'INSERT' then
    insert into public.health_changes (integration_id, organization_id, to_state, reason, at)
      values (new.id, new.organization_id, new.health_state, new.health_reason, new.health_since);
    return null;
  end if;
  if new.health_state <> old.health_state then
    v_alert := case
      when new.health_state in ('action_required', 'degraded') then new.health_state
      -- A silence. Not a pause: somebody wanted that one.
      when new.health_state = 'unknown' and new.health_reason = 'not_verified' then 'unknown'
      -- Also over `unknown` (a pause, a silence): what was told to be broken is told to be well again.
      when new.health_state = 'healthy' and old.health_state <> 'unknown' then 'recovered'
      when new.health_state = 'healthy' and (
        select c.alert <> 'recovered' from public.health_changes c
        where c.integration_id = new.id and c.alert is not null order by c.at desc, c.id desc limit 1) then 'recovered'
      end;
  end if;
  -- Always after the line before, whatever the clock says: some count in milliseconds, and clocks are set back.
  insert into public.health_changes (integration_id, organization_id, from_state, to_state, from_reason, reason, at, alert)
    select new.id, new.organization_id, old.health_state, new.health_state, old.health_reason, new.health_reason,
      greatest(case when new.health_state = old.health_state then clock_timestamp() else new.health_since end,
        max(c.at) + interval '1 microsecond'), v_alert
    from public.health_changes c where c.integration_id = new.id;
  return null;
end $$;
