-- Assessments, their results, and findings.

create table public.assessments (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  integration_id uuid not null,
  trigger text not null check (trigger in ('connect', 'manual', 'schedule')),
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed', 'cancelled')),
  progress_done integer not null default 0 check (progress_done >= 0),
  progress_total integer not null default 0 check (progress_total >= progress_done),
  -- Share of passes among passes and failures, 0 to 100; null when there are none.
  score smallint check (score between 0 and 100),
  counts jsonb not null default '{"pass": 0, "fail": 0, "error": 0, "not_applicable": 0}',
  error jsonb,
  requested_by uuid references auth.users (id) on delete set null,
  -- The worker that runs it, until when by the database's clock: past that, another may take over.
  lease_owner text,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (id, organization_id),
  foreign key (integration_id, organization_id) references public.integrations (id, organization_id) on delete cascade
);
-- One at a time per integration.
create unique index assessments_one_open_idx on public.assessments (integration_id) where status in ('queued', 'running');
create index assessments_list_idx on public.assessments (organization_id, created_at desc, id desc);
create index assessments_integration_idx on public.assessments (integration_id, created_at desc);
create index assessments_open_idx on public.assessments (created_at) where status in ('queued', 'running');
create index assessments_requested_by_idx on public.assessments (requested_by);

create table public.assessment_results (
  assessment_id uuid not null,
  resource_id uuid not null,
  check_id text not null check (check_id ~ '^[a-z][a-z0-9_]{0,99}$'),
  organization_id uuid not null,
  verdict text not null check (verdict in ('pass', 'fail', 'error', 'not_applicable')),
  severity text not null check (severity in ('critical', 'high', 'medium', 'low')),
  category text not null,
  summary text not null,
  evidence jsonb not null default '{}',
  checked_at timestamptz not null,
  primary key (assessment_id, resource_id, check_id),
  foreign key (assessment_id, organization_id) references public.assessments (id, organization_id) on delete cascade,
  foreign key (resource_id, organization_id) references public.integration_resources (id, organization_id) on delete cascade
);
create index assessment_results_resource_idx on public.assessment_results (resource_id);
create index assessment_results_organization_idx on public.assessment_results (organization_id);

create table public.findings (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  integration_id uuid not null,
  resource_id uuid not null,
  check_id text not null check (check_id ~ '^[a-z][a-z0-9_]{0,99}$'),
  severity text not null check (severity in ('critical', 'high', 'medium', 'low')),
  -- For ordering: the most severe first.
  severity_rank smallint not null generated always as
    (case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end) stored,
  category text not null,
  status text not null default 'open' check (status in ('open', 'resolved')),
  summary text not null,
  evidence jsonb not null default '{}',
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  resolved_at timestamptz,
  unique (integration_id, resource_id, check_id),
  check ((status = 'resolved') = (resolved_at is not null)),
  foreign key (integration_id, organization_id) references public.integrations (id, organization_id) on delete cascade,
  foreign key (resource_id, organization_id) references public.integration_resources (id, organization_id) on delete cascade
);
create index findings_list_idx on public.findings (organization_id, severity_rank, last_seen_at desc, id desc);
create index findings_resource_idx on public.findings (resource_id);

alter table public.assessments enable row level security;
alter table public.assessments force row level security;
alter table public.assessment_results enable row level security;
alter table public.assessment_results force row level security;
alter table public.findings enable row level security;
alter table public.findings force row level security;

revoke all on table public.assessments, public.assessment_results, public.findings
  from public, anon, authenticated, service_role;
-- Not lease_owner, lease_until.
grant select (id, organization_id, integration_id, trigger, status, progress_done, progress_total, score, counts, error,
    requested_by, created_at, started_at, finished_at)
  on table public.assessments to authenticated;
grant select on table public.assessment_results, public.findings to authenticated;
grant select, insert, update, delete on table public.assessments, public.assessment_results, public.findings
  to service_role;

create policy "members read assessments" on public.assessments for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));
create policy "members read results" on public.assessment_results for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));
create policy "members read findings" on public.findings for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));

-- A person asks for a scan ---------------------------------------------------------------------------------------------

-- Null: no such integration in an organization that the caller administers. `created` is false when one is open already.
create function private.request_scan(p_integration_id uuid, p_organization_id uuid)
returns table (assessment_id uuid, created boolean)
language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  if not exists (select 1 from public.integrations i
    where i.id = p_integration_id and i.organization_id = p_organization_id
      and i.organization_id in (select private.my_administered_organization_ids())) then
    return;
  end if;
  insert into public.assessments (organization_id, integration_id, trigger, requested_by)
    values (p_organization_id, p_integration_id, 'manual', (select auth.uid()))
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning id into v_id;
  if v_id is not null then
    return query select v_id, true;
    return;
  end if;
  return query select a.id, false from public.assessments a
    where a.integration_id = p_integration_id and a.status in ('queued', 'running');
end $$;
revoke all on function private.request_scan(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function private.request_scan(uuid, uuid) to authenticated;

create function public.request_scan(p_integration_id uuid, p_organization_id uuid)
returns table (assessment_id uuid, created boolean)
language sql set search_path = '' as $$ select * from private.request_scan(p_integration_id, p_organization_id) $$;
revoke all on function public.request_scan(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function public.request_scan(uuid, uuid) to authenticated;

-- The overview, in one statement, under the caller's own row level security ---------------------------------------------

create function public.overview(p_organization_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  with mine as (
    -- The same order of questions as server/integrations/health.ts.
    select i.id, i.status, i.next_check_at, case
        when i.status = 'error' or i.last_error ->> 'class' = 'dead_grant' then 'action_required'
        when i.last_error is not null then 'degraded'
        when i.status = 'paused' then 'paused'
        when i.last_success_at is null then 'unknown'
        else 'healthy' end as health
    from public.integrations i where i.organization_id = p_organization_id
  ), newest as (
    select distinct on (a.integration_id) a.counts, a.finished_at from public.assessments a
    where a.organization_id = p_organization_id and a.status = 'completed'
    order by a.integration_id, a.created_at desc
  ), totals as (
    select coalesce(sum((counts ->> 'pass')::int), 0) as pass, coalesce(sum((counts ->> 'fail')::int), 0) as fail,
      coalesce(sum((counts ->> 'error')::int), 0) as error,
      coalesce(sum((counts ->> 'not_applicable')::int), 0) as not_applicable, max(finished_at) as last_scan_at
    from newest
  ), open_findings as (
    select f.severity, count(*) as n from public.findings f
    where f.organization_id = p_organization_id and f.status = 'open' group by f.severity
  ), health as (
    select health, count(*) as n from mine group by health
  )
  select jsonb_build_object(
    'score', case when pass + fail > 0 then floor(100.0 * pass / (pass + fail)) end,
    'counts', jsonb_build_object('pass', pass, 'fail', fail, 'error', error, 'not_applicable', not_applicable),
    'findings', jsonb_build_object('critical', 0, 'high', 0, 'medium', 0, 'low', 0)
      || coalesce((select jsonb_object_agg(severity, n) from open_findings), '{}'),
    'integrations', jsonb_build_object('total', (select count(*) from mine), 'healthy', 0, 'degraded', 0,
        'action_required', 0, 'unknown', 0, 'paused', 0)
      || coalesce((select jsonb_object_agg(health, n) from health), '{}'),
    'last_scan_at', last_scan_at,
    'next_scan_at', (select min(next_check_at) from mine where status = 'active'))
  from totals
$$;
revoke all on function public.overview(uuid) from public, anon, authenticated, service_role;
grant execute on function public.overview(uuid) to authenticated;

-- The scanner (service role) -------------------------------------------------------------------------------------------

-- Moves the due time of each item whose due time is still the one that was seen, and queues an assessment for it, in one
-- statement: two schedulers at once claim each integration once.
create function public.claim_due_integrations(p_items jsonb)
returns table (assessment_id uuid, integration_id uuid)
language sql set search_path = '' as $$
  with items as (
    select * from jsonb_to_recordset(p_items) as x (id uuid, seen timestamptz, next timestamptz)
  ), due as (
    -- Locked in one order, so that two schedulers never wait for each other.
    select i.id, items.next from public.integrations i join items on items.id = i.id
    where i.next_check_at = items.seen and i.status = 'active'
    order by i.id for update of i
  ), moved as (
    update public.integrations i set next_check_at = due.next from due where i.id = due.id
    returning i.id, i.organization_id
  )
  insert into public.assessments as a (organization_id, integration_id, trigger)
    select moved.organization_id, moved.id, 'schedule' from moved
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning a.id, a.integration_id
$$;

-- Open assessments that no worker holds: queued ones, and running ones whose worker let its lease run out.
create function public.unclaimed_assessments(p_limit integer) returns setof uuid
language sql stable set search_path = '' as $$
  select id from public.assessments
  where status in ('queued', 'running') and (lease_until is null or lease_until < clock_timestamp())
  order by created_at limit p_limit
$$;

-- The row, for the one worker that gets it.
create function public.start_assessment(p_id uuid, p_owner text, p_seconds integer)
returns table (id uuid, integration_id uuid, organization_id uuid, trigger text)
language sql set search_path = '' as $$
  update public.assessments a set status = 'running', lease_owner = p_owner, progress_done = 0, progress_total = 0,
      lease_until = clock_timestamp() + make_interval(secs => p_seconds), started_at = coalesce(a.started_at, now())
    where a.id = p_id and a.status in ('queued', 'running')
      and (a.lease_until is null or a.lease_until < clock_timestamp())
    returning a.id, a.integration_id, a.organization_id, a.trigger
$$;

-- Progress, and the lease renewed. False: it is no longer the caller's.
create function public.report_progress(p_id uuid, p_owner text, p_done integer, p_total integer, p_seconds integer)
returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.assessments set progress_done = p_done, progress_total = p_total,
      lease_until = clock_timestamp() + make_interval(secs => p_seconds)
    where id = p_id and lease_owner = p_owner and status = 'running';
  return found;
end $$;

-- Gives it back to the queue: a worker that shuts down.
create function public.release_assessment(p_id uuid, p_owner text) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.assessments set status = 'queued', lease_owner = null, lease_until = null
    where id = p_id and lease_owner = p_owner and status = 'running';
  return found;
end $$;

-- Results, findings, counts, score and the end of the run: all or nothing, once.
create function public.complete_assessment(p_id uuid, p_owner text, p_results jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
  v_counts jsonb;
  v_pass integer;
  v_fail integer;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for update;
  if v.id is null then
    return false;
  end if;

  -- The join drops results of a resource that went away meanwhile.
  insert into public.assessment_results (assessment_id, resource_id, check_id, organization_id, verdict, severity,
      category, summary, evidence, checked_at)
    select p_id, r.resource_id, r.check_id, v.organization_id, r.verdict, r.severity, r.category, r.summary,
      coalesce(r.evidence, '{}'), r.checked_at
    from jsonb_to_recordset(p_results) as r (resource_id uuid, check_id text, verdict text, severity text, category text,
      summary text, evidence jsonb, checked_at timestamptz)
    join public.integration_resources known on known.id = r.resource_id and known.integration_id = v.integration_id;

  insert into public.findings as f (organization_id, integration_id, resource_id, check_id, severity, category, summary,
      evidence, first_seen_at, last_seen_at)
    select v.organization_id, v.integration_id, r.resource_id, r.check_id, r.severity, r.category, r.summary, r.evidence,
      r.checked_at, r.checked_at
    from public.assessment_results r where r.assessment_id = p_id and r.verdict = 'fail'
    on conflict (integration_id, resource_id, check_id) do update set severity = excluded.severity,
      category = excluded.category, summary = excluded.summary, evidence = excluded.evidence, status = 'open',
      first_seen_at = case when f.status = 'resolved' then excluded.first_seen_at else f.first_seen_at end,
      last_seen_at = excluded.last_seen_at, resolved_at = null;

  -- An `error` says nothing about the finding: it stays as it was.
  update public.findings f set status = 'resolved', resolved_at = r.checked_at
    from public.assessment_results r
    where r.assessment_id = p_id and r.verdict in ('pass', 'not_applicable') and f.status = 'open'
      and f.integration_id = v.integration_id and f.resource_id = r.resource_id and f.check_id = r.check_id;

  select count(*) filter (where verdict = 'pass'), count(*) filter (where verdict = 'fail'),
      jsonb_build_object('pass', count(*) filter (where verdict = 'pass'), 'fail', count(*) filter (where verdict = 'fail'),
        'error', count(*) filter (where verdict = 'error'),
        'not_applicable', count(*) filter (where verdict = 'not_applicable'))
    into v_pass, v_fail, v_counts
    from public.assessment_results where assessment_id = p_id;

  update public.assessments set status = 'completed', counts = v_counts, finished_at = now(), lease_owner = null,
      lease_until = null, progress_done = progress_total,
      -- Rounded down: 100 means that nothing failed.
      score = case when v_pass + v_fail > 0 then floor(100.0 * v_pass / (v_pass + v_fail)) end
    where id = p_id;
  update public.integrations set last_checked_at = now() where id = v.integration_id;
  return true;
end $$;

create function public.fail_assessment(p_id uuid, p_owner text, p_error jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_integration uuid;
begin
  update public.assessments set status = 'failed', error = p_error, finished_at = now(), lease_owner = null,
      lease_until = null
    where id = p_id and lease_owner = p_owner and status = 'running'
    returning integration_id into v_integration;
  if v_integration is null then
    return false;
  end if;
  update public.integrations set last_checked_at = now() where id = v_integration;
  return true;
end $$;

revoke all on function public.claim_due_integrations(jsonb), public.unclaimed_assessments(integer),
  public.start_assessment(uuid, text, integer), public.report_progress(uuid, text, integer, integer, integer),
  public.release_assessment(uuid, text), public.complete_assessment(uuid, text, jsonb),
  public.fail_assessment(uuid, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.claim_due_integrations(jsonb), public.unclaimed_assessments(integer),
  public.start_assessment(uuid, text, integer), public.report_progress(uuid, text, integer, integer, integer),
  public.release_assessment(uuid, text), public.complete_assessment(uuid, text, jsonb),
  public.fail_assessment(uuid, text, jsonb)
  to service_role;
