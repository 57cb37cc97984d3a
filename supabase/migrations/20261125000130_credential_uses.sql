-- A use of a credential as a row to insert: {integration_id, audit, fresh_until} goes in, and the same row comes back with `credential`
-- as take_credential tells it. No entry in the audit log, no credential: it is that function. An unknown integration gives no row.
--
-- Why not the function itself: a call of a function is prepared by settings of its own, which cost more than the audit entry
-- where Supabase runs in this process. An insert is one statement, as the read of a row is.
create view public.credential_uses with (security_invoker = true) as
  select null::uuid as integration_id, null::jsonb as audit, null::timestamptz as fresh_until, null::jsonb as credential where false;

create function private.hand_out_credential() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.credential := public.take_credential(new.integration_id, new.audit, new.fresh_until);
  return case when new.credential is not null then new end;
end $$;
revoke all on function private.hand_out_credential() from public, anon, authenticated, service_role;
create trigger hand_out_credential instead of insert on public.credential_uses
  for each row execute function private.hand_out_credential();

revoke all on table public.credential_uses from public, anon, authenticated, service_role;
grant select, insert on table public.credential_uses to service_role;
