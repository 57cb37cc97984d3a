-- A role that lets in more than it should: it works, and somebody has to put its trust right. What other calls say does not take it
-- back; a look at the trust itself does, or another consent, or the role's end.

-- The error, {class: exposed, code, call, message, at}, for as long as it holds.
alter table public.integrations add column exposure jsonb;

-- As before, with the class `exposed`: the credential is good, so that the status stays what it is.
create or replace function private.health_of(
  p_status text, p_last_error jsonb, p_last_success_at timestamptz, p_now timestamptz, out state text, out reason text
)
language sql stable set search_path = '' as $$
  select
    case
      when p_status = 'error' or p_last_error ->> 'class' in ('dead_grant', 'exposed') then 'action_required'
      when p_last_error is not null then 'degraded'
      when p_status = 'paused' or p_last_success_at is null then 'unknown'
      when p_last_success_at < p_now - private.verification_lasts() then 'unknown'
      else 'healthy' end,
    case
      when p_status = 'error' or p_last_error is not null then coalesce(p_last_error ->> 'code', 'unknown')
      when p_status = 'paused' then 'paused'
      when p_last_success_at is null then 'not_used_yet'
      when p_last_success_at < p_now - private.verification_lasts() then 'not_verified'
      else 'ok' end
$$;
revoke all on function private.health_of(text, jsonb, timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function private.health_of(text, jsonb, timestamptz, timestamptz) to service_role;

create function private.integration_exposed() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.config ->> 'grant_id' is distinct from old.config ->> 'grant_id'
    or (new.last_error ->> 'code' = 'role_refused' and new.last_error is distinct from old.last_error) then
    new.exposure := null;
  end if;
  if new.exposure is null then
    if new.last_error = old.exposure then
      new.last_error := null;
    end if;
  -- That the grant is dead is worse.
  elsif new.last_error ->> 'class' is distinct from 'dead_grant' then
    new.last_error := new.exposure;
  end if;
  return new;
end $$;
-- Before integration_failure and integration_health: triggers run in the order of their names.
create trigger integration_exposed before update on public.integrations
  for each row when (old.exposure is not null or new.exposure is not null)
  execute function private.integration_exposed();

-- How the role of this version lets in was tried. p_error null: as it should. Said again, it is no news.
create function public.note_exposure(p_id uuid, p_version bigint, p_error jsonb) returns void
language sql set search_path = '' as $$
  update public.integrations i set exposure = p_error
    where i.id = p_id and i.version = p_version and i.exposure ->> 'code' is distinct from p_error ->> 'code'
$$;

revoke all on function private.integration_exposed(), public.note_exposure(uuid, bigint, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.note_exposure(uuid, bigint, jsonb) to service_role;
