-- The job groups that sections may show: automation below a bound (0: unknown, which passes), at most 55 % of short
-- contracts, not hurt by Covid. The advice on safe jobs uses 30 as the bound, the sections 85.
-- Spec 05 §4, frontend/server/jobs.py#L69-L90. Tables: jobs (rome_id, automation_risk, short_or_interim_percent,
-- covid_risky; empty: unknown), given (automation: the bound).
SELECT rome_id
FROM jobs CROSS JOIN given
WHERE
  COALESCE(automation_risk, 0) < automation
  AND COALESCE(short_or_interim_percent, 0) <= 55
  AND NOT COALESCE(covid_risky, FALSE)
ORDER BY rome_id
