-- API keys (hash only) and receipts of provider webhooks.

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null check (char_length(btrim(name)) between 1 and 100),
  -- SHA-256 of the key, hex.
  key_hash text not null unique check (key_hash ~ '^[0-9a-f]{64}$'),
  role text not null default 'member' check (role in ('admin', 'member')),
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_organization_id_idx on public.api_keys (organization_id);
create index api_keys_created_by_idx on public.api_keys (created_by);

create table public.webhook_receipts (
  provider text not null check (provider ~ '^[a-z][a-z0-9_]{0,31}$'),
  delivery_id text not null,
  received_at timestamptz not null default now(),
  primary key (provider, delivery_id)
);

alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
alter table public.webhook_receipts enable row level security;
alter table public.webhook_receipts force row level security;

revoke all on table public.api_keys, public.webhook_receipts from public, anon, authenticated, service_role;
-- Not key_hash.
grant select (id, organization_id, name, role, created_by, created_at, last_used_at, revoked_at)
  on table public.api_keys to authenticated;
grant select, insert, update, delete on table public.api_keys, public.webhook_receipts to service_role;

create policy "admins read api keys" on public.api_keys for select to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));
