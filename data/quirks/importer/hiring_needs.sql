-- Which share of planned hirings is difficult, and seasonal, by département and job group (the survey BMO), where any
-- hiring is planned; rounded half to even. Each family counts for one job group only, the first of its list, so
-- that a job group that is nobody's first has no figure; and all families of a job group are added up, though the
-- documentation says one (D3). Bob read the survey of 2018 for ever (D4).
-- Spec 05 §3, local_diagnosis.py#L258-L321. Tables: survey (departement_id, fap2009, hirings, difficult, seasonal:
-- an empty cell counts as 0), crosswalk (rome, fap2009), whose list is in the order of codes.
WITH first_line AS (
  SELECT fap2009, MIN(LEFT(rome, 5)) AS rome_id FROM crosswalk GROUP BY fap2009
), sums AS (
  SELECT
    departement_id, rome_id, SUM(COALESCE(hirings, 0)) AS hirings, SUM(COALESCE(difficult, 0)) AS difficult,
    SUM(COALESCE(seasonal, 0)) AS seasonal
  FROM survey
  JOIN first_line ON survey.fap2009 = first_line.fap2009
  GROUP BY departement_id, rome_id
)
SELECT
  departement_id, rome_id,
  CAST(ROUND(100 * CAST(difficult AS DOUBLE) / hirings) AS BIGINT) AS percent_difficult,
  CAST(ROUND(100 * CAST(seasonal AS DOUBLE) / hirings) AS BIGINT) AS percent_seasonal
FROM sums
WHERE hirings > 0
ORDER BY departement_id, rome_id
