-- Organizations, their people, and invitations.
--
-- Every table states its grants: Supabase no longer grants on new tables by itself, and a forgotten REVOKE is a leak.
-- Membership is tested as `organization_id = any (array(select private.my_organization_ids()))`: the sub-select runs
-- once per statement and the comparison can use an index.
--
-- Functions that act above row level security (security definer) live in `private`, which the data API does not expose;
-- what a client may call is a thin security invoker function in `public`.

create schema if not exists private;
revoke all on schema private from public, anon, authenticated, service_role;
grant usage on schema private to authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(btrim(name)) between 1 and 100),
  created_at timestamptz not null default now()
);

create table public.user_organizations (
  user_id uuid not null references auth.users (id) on delete cascade,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null default now(),
  primary key (user_id, organization_id)
);
create index user_organizations_organization_id_idx on public.user_organizations (organization_id);

create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null check (email = lower(email) and char_length(email) <= 320),
  role text not null check (role in ('admin', 'member')),
  -- SHA-256 of the link's token, hex: the link itself is shown once and kept nowhere.
  token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
  invited_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz
);
create index invitations_organization_id_idx on public.invitations (organization_id, created_at desc);
create index invitations_invited_by_idx on public.invitations (invited_by);

alter table public.organizations enable row level security;
alter table public.organizations force row level security;
alter table public.user_organizations enable row level security;
alter table public.user_organizations force row level security;
alter table public.invitations enable row level security;
alter table public.invitations force row level security;

revoke all on table public.organizations, public.user_organizations, public.invitations
  from public, anon, authenticated, service_role;
grant select on table public.organizations, public.user_organizations to authenticated;
grant update (name) on table public.organizations to authenticated;
-- Not token_hash: nobody needs to read it back.
grant select (id, organization_id, email, role, invited_by, created_at, expires_at, accepted_at)
  on table public.invitations to authenticated;
grant insert (organization_id, email, role, token_hash, invited_by) on table public.invitations to authenticated;
grant delete on table public.invitations to authenticated;
grant select, insert, update, delete on table public.organizations, public.user_organizations, public.invitations
  to service_role;

-- Who I am -----------------------------------------------------------------------------------------------------------

create function private.my_organization_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select organization_id from public.user_organizations where user_id = (select auth.uid())
$$;

create function private.my_administered_organization_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select organization_id from public.user_organizations
  where user_id = (select auth.uid()) and role in ('owner', 'admin')
$$;

create function private.my_role(p_organization_id uuid) returns text
language sql stable security definer set search_path = '' as $$
  select role from public.user_organizations
  where user_id = (select auth.uid()) and organization_id = p_organization_id
$$;

revoke all on function private.my_organization_ids(), private.my_administered_organization_ids(), private.my_role(uuid)
  from public, anon, authenticated, service_role;
grant execute on function private.my_organization_ids(), private.my_administered_organization_ids(), private.my_role(uuid)
  to authenticated;

create policy "members read their organizations" on public.organizations for select to authenticated
  using (id = any (array(select private.my_organization_ids())));
create policy "admins rename their organizations" on public.organizations for update to authenticated
  using (id = any (array(select private.my_administered_organization_ids())))
  with check (id = any (array(select private.my_administered_organization_ids())));

create policy "members read who else is a member" on public.user_organizations for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));

create policy "admins read invitations" on public.invitations for select to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));
create policy "admins invite" on public.invitations for insert to authenticated
  with check (organization_id = any (array(select private.my_administered_organization_ids()))
    and invited_by = (select auth.uid()));
create policy "admins withdraw invitations" on public.invitations for delete to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));

-- An organization keeps an owner -------------------------------------------------------------------------------------

create function private.keep_an_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if old.role <> 'owner' or (tg_op = 'UPDATE' and new.role = 'owner') then
    return coalesce(new, old);
  end if;
  -- Taken so that two owners who remove each other at once cannot both succeed. No row: the organization goes itself.
  perform 1 from public.organizations where id = old.organization_id for update;
  if found
    and exists (select 1 from auth.users where id = old.user_id)
    and not exists (select 1 from public.user_organizations
      where organization_id = old.organization_id and role = 'owner' and user_id <> old.user_id) then
    raise exception 'last_owner' using errcode = 'P0001';
  end if;
  return coalesce(new, old);
end $$;
revoke all on function private.keep_an_owner() from public, anon, authenticated, service_role;
create trigger keep_an_owner before update or delete on public.user_organizations
  for each row execute function private.keep_an_owner();

-- What a person may do beyond reading --------------------------------------------------------------------------------

create function private.create_organization(p_name text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_user uuid := (select auth.uid());
  v_id uuid;
begin
  if v_user is null then
    raise exception 'unauthorized' using errcode = 'P0001';
  end if;
  insert into public.organizations (name) values (btrim(p_name)) returning id into v_id;
  insert into public.user_organizations (user_id, organization_id, role) values (v_user, v_id, 'owner');
  return v_id;
end $$;

create function private.list_members(p_organization_id uuid)
returns table (user_id uuid, email text, role text, created_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select m.user_id, u.email::text, m.role, m.created_at
  from public.user_organizations m join auth.users u on u.id = m.user_id
  where m.organization_id = p_organization_id
    and p_organization_id in (select private.my_organization_ids())
  order by m.created_at, m.user_id
$$;

-- Changes (p_role given) or ends (null) a membership. Owners decide about owners; anybody may leave.
create function private.change_member(p_organization_id uuid, p_user_id uuid, p_role text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_mine text := (select private.my_role(p_organization_id));
  v_theirs text;
begin
  select role into v_theirs from public.user_organizations
    where organization_id = p_organization_id and user_id = p_user_id for update;
  if v_mine is null or v_theirs is null then
    return 'not_found';
  end if;
  if not (p_role is null and p_user_id = (select auth.uid())) then
    if v_mine = 'member' or (v_mine <> 'owner' and 'owner' in (v_theirs, coalesce(p_role, v_theirs))) then
      return 'forbidden';
    end if;
  end if;
  begin
    if p_role is null then
      delete from public.user_organizations where organization_id = p_organization_id and user_id = p_user_id;
    else
      update public.user_organizations set role = p_role
        where organization_id = p_organization_id and user_id = p_user_id;
    end if;
  exception when raise_exception then
    -- keep_an_owner: as an outcome, since not every server before Postgres passes an exception's words on.
    return 'last_owner';
  end;
  return 'changed';
end $$;

create function private.lookup_invitation(p_token_hash text)
returns table (organization text, email text, role text)
language sql stable security definer set search_path = '' as $$
  select o.name, i.email, i.role
  from public.invitations i join public.organizations o on o.id = i.organization_id
  where i.token_hash = p_token_hash and i.accepted_at is null and i.expires_at > now()
$$;

-- The invitation is for one person: the link alone does not admit whoever finds it.
create function private.accept_invitation(p_token_hash text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_user uuid := (select auth.uid());
  v_invitation public.invitations;
begin
  update public.invitations set accepted_at = now()
    where token_hash = p_token_hash and accepted_at is null and expires_at > now()
      and email = (select lower(u.email) from auth.users u where u.id = v_user)
    returning * into v_invitation;
  if v_invitation.id is null then
    return null;
  end if;
  insert into public.user_organizations (user_id, organization_id, role)
    values (v_user, v_invitation.organization_id, v_invitation.role)
    on conflict (user_id, organization_id) do nothing;
  return v_invitation.organization_id;
end $$;

revoke all on function private.create_organization(text), private.list_members(uuid),
  private.change_member(uuid, uuid, text), private.lookup_invitation(text), private.accept_invitation(text)
  from public, anon, authenticated, service_role;
grant usage on schema private to anon;
grant execute on function private.create_organization(text), private.list_members(uuid),
  private.change_member(uuid, uuid, text), private.accept_invitation(text) to authenticated;
grant execute on function private.lookup_invitation(text) to anon, authenticated;

create function public.create_organization(p_name text) returns uuid
language sql set search_path = '' as $$ select private.create_organization(p_name) $$;

create function public.list_members(p_organization_id uuid)
returns table (user_id uuid, email text, role text, created_at timestamptz)
language sql stable set search_path = '' as $$ select * from private.list_members(p_organization_id) $$;

create function public.change_member(p_organization_id uuid, p_user_id uuid, p_role text default null) returns text
language sql set search_path = '' as $$ select private.change_member(p_organization_id, p_user_id, p_role) $$;

create function public.lookup_invitation(p_token_hash text)
returns table (organization text, email text, role text)
language sql stable set search_path = '' as $$ select * from private.lookup_invitation(p_token_hash) $$;

create function public.accept_invitation(p_token_hash text) returns uuid
language sql set search_path = '' as $$ select private.accept_invitation(p_token_hash) $$;

revoke all on function public.create_organization(text), public.list_members(uuid),
  public.change_member(uuid, uuid, text), public.lookup_invitation(text), public.accept_invitation(text)
  from public, anon, authenticated, service_role;
grant execute on function public.create_organization(text), public.list_members(uuid),
  public.change_member(uuid, uuid, text), public.accept_invitation(text) to authenticated;
grant execute on function public.lookup_invitation(text) to anon, authenticated;
