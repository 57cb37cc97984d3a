-- The audit log: who did what, to what, when, from where. Append-only twice over: no role has the privilege to update or
-- delete, and a trigger refuses it to those whom no privilege binds (owner, superuser).

create table public.audit_log (
  id uuid primary key default gen_random_uuid(),
  -- No foreign keys: the log outlives what it speaks of. Null: before it is known whose it is (a failed sign-in).
  organization_id uuid,
  actor_type text not null check (actor_type in ('user', 'worker', 'system')),
  actor_id uuid,
  actor_email text,
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  target_type text,
  target_id text,
  -- Facts, chosen by the caller; never a credential, encrypted or clear.
  detail jsonb not null default '{}',
  ip text,
  user_agent text,
  request_id text,
  created_at timestamptz not null default now()
);
create index audit_log_list_idx on public.audit_log (organization_id, created_at desc, id desc);
create index audit_log_target_idx on public.audit_log (organization_id, target_id, created_at desc, id desc);

alter table public.audit_log enable row level security;
alter table public.audit_log force row level security;

revoke all on table public.audit_log from public, anon, authenticated, service_role;
grant select on table public.audit_log to authenticated;
grant select, insert on table public.audit_log to service_role;

create policy "admins read the audit log" on public.audit_log for select to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));

create function private.audit_is_append_only() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'audit_log is append-only' using errcode = '42501';
end $$;
revoke all on function private.audit_is_append_only() from public, anon, authenticated, service_role;
create trigger append_only before update or delete on public.audit_log
  for each row execute function private.audit_is_append_only();
create trigger append_only_truncate before truncate on public.audit_log
  for each statement execute function private.audit_is_append_only();
