-- Facts that a scan learns of a resource for the checks of the organization's other connections (docs/cross-provider-checks.md).
-- One row for each kind of fact: what was learned lately, which may be nothing, and why there may be more. Nobody but the
-- scanner reads it: what people see is the evidence of a check.

create table public.integration_signals (
  resource_id uuid not null,
  kind text not null check (kind ~ '^[a-z][a-z0-9_]{0,31}$'),
  organization_id uuid not null,
  integration_id uuid not null,
  facts jsonb not null default '[]' check (jsonb_typeof(facts) = 'array'),
  -- A sentence: what could not be learned. The facts are true all the same.
  unknown text,
  -- When the scan asked.
  seen_at timestamptz not null,
  primary key (resource_id, kind),
  -- Both columns, so that no fact can point into another organization.
  foreign key (resource_id, organization_id) references public.integration_resources (id, organization_id) on delete cascade,
  foreign key (integration_id, organization_id) references public.integrations (id, organization_id) on delete cascade
);
create index integration_signals_list_idx on public.integration_signals (organization_id, kind, resource_id);
create index integration_signals_integration_idx on public.integration_signals (integration_id);

alter table public.integration_signals enable row level security;
alter table public.integration_signals force row level security;
revoke all on table public.integration_signals from public, anon, authenticated, service_role;
grant select, insert, update, delete on table public.integration_signals to service_role;

-- What resources of one integration told, in the place of what they had told of the same kinds; what they do not tell any more
-- goes. p_told: one entry for each resource, with all its kinds. An older scan that comes late changes nothing, and a resource
-- that is gone, or another integration's, is passed over.
create function public.record_signals(p_integration_id uuid, p_organization_id uuid, p_told jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  -- Whoever removes the integration holds it, and wants its signals.
  perform 1 from public.integrations i where i.id = p_integration_id for key share;
  -- In one order, so that two scans never wait for each other.
  insert into public.integration_signals as s (resource_id, kind, organization_id, integration_id, facts, unknown, seen_at)
    select r.id, k.kind, r.organization_id, r.integration_id, k.facts, k.unknown, t.seen_at
    from jsonb_to_recordset(p_told) as t (resource_id uuid, seen_at timestamptz, kinds jsonb)
    join public.integration_resources r
      on r.id = t.resource_id and r.integration_id = p_integration_id and r.organization_id = p_organization_id
    cross join lateral jsonb_to_recordset(t.kinds) as k (kind text, facts jsonb, unknown text)
    order by r.id, k.kind
    on conflict (resource_id, kind) do update set facts = excluded.facts, unknown = excluded.unknown, seen_at = excluded.seen_at
      where s.seen_at <= excluded.seen_at;
  delete from public.integration_signals s using jsonb_to_recordset(p_told) as t (resource_id uuid, seen_at timestamptz, every_kind jsonb)
    where s.resource_id = t.resource_id and s.integration_id = p_integration_id and s.organization_id = p_organization_id
      and s.seen_at <= t.seen_at and not t.every_kind ? s.kind;
end $$;
revoke all on function public.record_signals(uuid, uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_signals(uuid, uuid, jsonb) to service_role;
