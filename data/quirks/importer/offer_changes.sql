-- The change in the number of offers from 2014 to 2015, in per cent, rounded half to even.
-- A year before without offers counts as one offer, also in the figure returned (D7).
-- Spec 05 §8, job_offers_changes.py#L34-L76. Tables: offers (departement_id, rome_id, created).
WITH counts AS (
  SELECT
    departement_id, rome_id,
    SUM(CASE WHEN EXTRACT(YEAR FROM created) = 2015 THEN 1 ELSE 0 END) AS last_year,
    GREATEST(SUM(CASE WHEN EXTRACT(YEAR FROM created) = 2014 THEN 1 ELSE 0 END), 1) AS year_before
  FROM offers
  GROUP BY departement_id, rome_id
)
SELECT
  departement_id, rome_id,
  CAST(ROUND(100 * CAST(last_year AS DOUBLE) / year_before - 100) AS BIGINT) AS job_offers_change,
  last_year AS num_job_offers_last_year,
  year_before AS num_job_offers_previous_year
FROM counts
ORDER BY departement_id, rome_id
