-- What a probe that failed means where there is no token to renew: a role in the customer's account.
--
-- A refusal of the role looks alike whether it is gone, changed, or AWS is slow to know it; a probe notes it as passing, and once
-- it was refused five times in a row over an hour, it is taken for gone. A refusal of our own credentials is the operator's.
create function private.role_failure() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.last_error ->> 'code' = 'application_refused' then
    new.last_error := new.last_error || '{"class": "our_application", "message": "The provider does not accept this installation''s own credentials. The operator has to correct them."}';
  elsif new.refresh_failures >= 5 and old.health_reason = 'role_refused' and exists (
    -- The last line of the timeline says since when this, and nothing else, is the reason.
    select from public.health_changes c
    where c.integration_id = new.id and c.reason = 'role_refused' and c.at <= clock_timestamp() - interval '1 hour'
      and not exists (select from public.health_changes l where l.integration_id = c.integration_id and (l.at, l.id) > (c.at, c.id))
  ) then
    new.status := case when new.status = 'paused' then 'paused' else 'error' end;
    new.last_error := new.last_error || '{"class": "dead_grant", "message": "The role no longer lets this product in. Put it back, or reconnect."}';
    -- Looked at again, seldom: it may be put back.
    new.refresh_due_at := greatest(new.refresh_due_at, clock_timestamp() + interval '12 hours');
  end if;
  return new;
end $$;
-- After integration_before_write and before integration_health, which reads what this writes: triggers run in the order of
-- their names.
create trigger integration_failure before update of last_error on public.integrations
  for each row when (new.last_error ->> 'class' = 'passing' and new.last_error ->> 'code' in ('role_refused', 'application_refused'))
  execute function private.role_failure();

revoke all on function private.role_failure() from public, anon, authenticated, service_role;
