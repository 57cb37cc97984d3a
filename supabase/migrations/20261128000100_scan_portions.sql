-- Scans that store as they go. Results are written in portions, in the order of the resources' ids, together with how far they
-- reach: whoever takes the assessment over goes on from there. The list of resources is written page by page, and what it does
-- not name counts as missing only when it has come to its end. Nothing of it shows before the assessment is completed.
--
-- Locked in the order of lock_order: assessment, integration, then what hangs on it. The assessment is changed only when both are
-- locked: whoever has the integration and adds an assessment waits for an open one that is being changed, not for one that is
-- merely locked.

alter table public.assessments
  -- The last resource, by id, up to which all results are stored.
  add column resource_cursor uuid,
  -- When the list of resources came to its end: it is not made again.
  add column listed_at timestamptz,
  -- The provider's limit is used up: no worker gets it before.
  add column paused_until timestamptz,
  add column paused_seconds integer not null default 0 check (paused_seconds >= 0),
  -- What a person has to know of a run that went to its end all the same: {code, message}.
  add column notice jsonb;
grant select (paused_until, notice) on table public.assessments to authenticated;

-- The assessment whose list named it last.
alter table public.integration_resources add column listed_in uuid;

-- Half an assessment is never shown as whole, by no way that leads to the table.
drop policy "members read results" on public.assessment_results;
create policy "members read results" on public.assessment_results for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids()))
    and exists (select from public.assessments a where a.id = assessment_id and a.status = 'completed'));

create function private.drop_partial_results() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.assessment_results r where r.assessment_id = new.id;
  return null;
end $$;
create trigger drop_partial_results after update of status on public.assessments
  for each row when (new.status in ('failed', 'cancelled')) execute function private.drop_partial_results();

-- The scanner (service role) -------------------------------------------------------------------------------------------

-- As before, but for those whose provider wants to be left alone.
create or replace function public.unclaimed_assessments(p_limit integer) returns setof uuid
language sql stable set search_path = '' as $$
  select id from public.assessments
  where status in ('queued', 'running') and (lease_until is null or lease_until < clock_timestamp())
    and (paused_until is null or paused_until <= clock_timestamp())
  order by created_at limit p_limit
$$;

-- The row, for the one worker that gets it, and how far the one before it came. pause_left: seconds that it may still be paused.
drop function public.start_assessment(uuid, text, integer);
create function public.start_assessment(p_id uuid, p_owner text, p_seconds integer)
returns table (id uuid, integration_id uuid, organization_id uuid, trigger text, resource_cursor uuid, listed boolean,
  progress_done integer, progress_total integer, pause_left integer)
language sql set search_path = '' as $$
  with stored as (
    select count(*)::integer as n from public.assessment_results r where r.assessment_id = p_id
  )
  update public.assessments a set status = 'running', lease_owner = p_owner, paused_until = null, progress_done = stored.n,
      progress_total = greatest(a.progress_total, stored.n),
      lease_until = clock_timestamp() + make_interval(secs => p_seconds), started_at = coalesce(a.started_at, now())
    from stored
    where a.id = p_id and a.status in ('queued', 'running')
      and (a.lease_until is null or a.lease_until < clock_timestamp())
      and (a.paused_until is null or a.paused_until <= clock_timestamp())
    returning a.id, a.integration_id, a.organization_id, a.trigger, a.resource_cursor, a.listed_at is not null, a.progress_done,
      a.progress_total, greatest(86400 - a.paused_seconds, 0)
$$;

-- Gives it back to the queue: a worker that shuts down. One of which nothing is stored begins anew, with a new list, so that it
-- sees whatever happens until then; the others have begun, and what they miss is the next one's.
create or replace function public.release_assessment(p_id uuid, p_owner text) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.assessments set lease_owner = null, lease_until = null,
      status = case when resource_cursor is null then 'queued' else status end,
      listed_at = case when resource_cursor is null then null else listed_at end
    where id = p_id and lease_owner = p_owner and status = 'running';
  return found;
end $$;

-- The worker lets go of it for so many seconds; 0: for the next one to go on at once.
create function public.pause_assessment(p_id uuid, p_owner text, p_seconds integer) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.assessments set lease_owner = null, lease_until = null, paused_seconds = paused_seconds + p_seconds,
      paused_until = case when p_seconds > 0 then clock_timestamp() + make_interval(secs => p_seconds) end
    where id = p_id and lease_owner = p_owner and status = 'running';
  return found;
end $$;

-- A page of the list. False: the assessment is no longer the caller's.
create function public.store_listed(p_id uuid, p_owner text, p_resources jsonb, p_seconds integer) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for no key update;
  if v.id is null then
    return false;
  end if;
  -- Whoever connects the same account again writes the same rows, perhaps in another order.
  perform 1 from public.integrations i where i.id = v.integration_id for no key update;
  update public.assessments set lease_until = clock_timestamp() + make_interval(secs => p_seconds) where id = p_id;
  insert into public.integration_resources (integration_id, organization_id, kind, external_id, name, metadata, listed_in)
    select v.integration_id, v.organization_id, r.kind, r.external_id, r.name, coalesce(r.metadata, '{}'), p_id
    from jsonb_to_recordset(p_resources) as r (kind text, external_id text, name text, metadata jsonb)
    on conflict (integration_id, external_id) do update
      set name = excluded.name, metadata = excluded.metadata, missing_since = null, listed_in = excluded.listed_in;
  return true;
end $$;

-- The list came to its end: what it did not name is missing, but for a kind of which it named nothing at all and there was
-- something before. That is kept, and p_notices says so, as `empty` where the list named nothing of any kind, else as `partly`, with
-- the kinds in place of {kinds}: a person who has left, or lost a role, sees nothing, which does not mean that there is nothing.
-- listed; partly; empty; null: the assessment is no longer the caller's.
create function public.end_listing(p_id uuid, p_owner text, p_notices jsonb) returns text
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
  v_listed text[];
  v_kept text[];
  v_outcome text;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for no key update;
  if v.id is null then
    return null;
  end if;
  perform 1 from public.integrations i where i.id = v.integration_id for no key update;
  select coalesce(array_agg(distinct r.kind), '{}') into v_listed
    from public.integration_resources r where r.integration_id = v.integration_id and r.listed_in = p_id;
  -- Not what somebody added while this list was made: by connecting again.
  select coalesce(array_agg(distinct r.kind order by r.kind), '{}') into v_kept
    from public.integration_resources r
    where r.integration_id = v.integration_id and r.missing_since is null and r.created_at < v.started_at and r.kind <> all (v_listed);
  update public.integration_resources r set missing_since = now()
    where r.integration_id = v.integration_id and r.missing_since is null and r.listed_in is distinct from p_id
      and r.created_at < v.started_at and r.kind = any (v_listed);
  v_outcome := case when v_kept = '{}' then 'listed' when v_listed = '{}' then 'empty' else 'partly' end;
  update public.assessments set listed_at = clock_timestamp(),
      notice = jsonb_set(p_notices -> v_outcome, '{message}', to_jsonb(replace(p_notices -> v_outcome ->> 'message', '{kinds}', array_to_string(v_kept, ', '))))
    where id = p_id;
  return v_outcome;
end $$;

-- There was no list: what is said of it.
create function public.note_assessment(p_id uuid, p_owner text, p_notice jsonb) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.assessments set notice = p_notice where id = p_id and lease_owner = p_owner and status = 'running';
  return found;
end $$;

-- How many resources there are to ask, of each kind. p_after: those with a later id.
create function public.count_targets(p_integration_id uuid, p_after uuid) returns table (kind text, targets integer)
language sql stable set search_path = '' as $$
  select r.kind, count(*)::integer from public.integration_resources r
  where r.integration_id = p_integration_id and r.enabled and r.missing_since is null and r.id > p_after group by r.kind
$$;

-- All results of the resources up to p_cursor that are not stored yet, and how far they reach. Asked twice, it says the same.
-- False: the assessment is no longer the caller's, nothing was stored.
create function public.store_results(
  p_id uuid, p_owner text, p_results jsonb, p_cursor uuid, p_done integer, p_total integer, p_seconds integer
) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for no key update;
  if v.id is null then
    return false;
  end if;
  if v.resource_cursor >= p_cursor then
    return true;
  end if;

  -- The join drops results of a resource that went away meanwhile; its lock waits for one that is going.
  insert into public.assessment_results (assessment_id, resource_id, check_id, organization_id, verdict, severity,
      category, summary, evidence, checked_at)
    select p_id, r.resource_id, r.check_id, v.organization_id, r.verdict, r.severity, r.category, r.summary,
      coalesce(r.evidence, '{}'), r.checked_at
    from jsonb_to_recordset(p_results) as r (resource_id uuid, check_id text, verdict text, severity text, category text,
      summary text, evidence jsonb, checked_at timestamptz)
    join public.integration_resources known on known.id = r.resource_id and known.integration_id = v.integration_id
    for key share of known;

  update public.assessments set resource_cursor = p_cursor, progress_done = p_done, progress_total = p_total,
      lease_until = clock_timestamp() + make_interval(secs => p_seconds)
    where id = p_id;
  return true;
end $$;

-- Findings, counts, score and the end of the run, from the results that are stored: all or nothing, once. The entry's detail
-- gets the counts that are not nothing.
drop function public.complete_assessment(uuid, text, jsonb, jsonb);
create function public.complete_assessment(p_id uuid, p_owner text, p_audit jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
  v_counts jsonb;
  v_total integer;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for no key update;
  if v.id is null then
    return false;
  end if;
  -- Before its findings: whoever connects again has it when what is missing takes its findings along.
  perform 1 from public.integrations i where i.id = v.integration_id for no key update;

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

  select count(*), jsonb_build_object('pass', count(*) filter (where verdict = 'pass'),
      'fail', count(*) filter (where verdict = 'fail'), 'error', count(*) filter (where verdict = 'error'),
      'not_applicable', count(*) filter (where verdict = 'not_applicable'))
    into v_total, v_counts
    from public.assessment_results where assessment_id = p_id;

  update public.assessments set status = 'completed', counts = v_counts, finished_at = now(), lease_owner = null,
      lease_until = null, progress_done = v_total, progress_total = v_total,
      -- Rounded down: 100 means that nothing failed. Null where nothing passed or failed.
      score = floor(100.0 * (v_counts ->> 'pass')::integer
        / nullif((v_counts ->> 'pass')::integer + (v_counts ->> 'fail')::integer, 0))
    where id = p_id;
  update public.integrations set last_checked_at = now() where id = v.integration_id;
  perform private.write_audit(v.organization_id, p_audit || jsonb_build_object('detail', coalesce(p_audit -> 'detail', '{}')
    || (select coalesce(jsonb_object_agg(c.key, c.value), '{}') from jsonb_each(v_counts) c where c.value <> '0')));
  return true;
end $$;

revoke all on function private.drop_partial_results(), public.start_assessment(uuid, text, integer),
  public.pause_assessment(uuid, text, integer), public.store_listed(uuid, text, jsonb, integer),
  public.end_listing(uuid, text, jsonb), public.note_assessment(uuid, text, jsonb), public.count_targets(uuid, uuid),
  public.store_results(uuid, text, jsonb, uuid, integer, integer, integer), public.complete_assessment(uuid, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.start_assessment(uuid, text, integer),
  public.pause_assessment(uuid, text, integer), public.store_listed(uuid, text, jsonb, integer),
  public.end_listing(uuid, text, jsonb), public.note_assessment(uuid, text, jsonb), public.count_targets(uuid, uuid),
  public.store_results(uuid, text, jsonb, uuid, integer, integer, integer), public.complete_assessment(uuid, text, jsonb)
  to service_role;
