-- The share of offers that suggest, and that require, each level of diploma (2 CAP or BEP, 3 baccalaureate, 4 two
-- years after it …), of each offer with a diploma. Suggested is the higher of its two, the first on ties; required is
-- the first if it must be, and the second instead if it must be and is higher. The share of each name is rounded half
-- to even, then added up by level. It is the share of exactly that level, not of "at least this level" (D22).
-- Spec 05 §9, job_offers_requirements.py#L147-L219, #L282-L288, #L361-L384. Table: offers (rome_id, first_diploma,
-- first_level, first_required, and the same of the second).
WITH levels AS (
  SELECT
    *,
    CASE WHEN first_diploma IS NULL THEN -1 ELSE first_level END AS one,
    CASE WHEN second_diploma IS NULL THEN -1 ELSE second_level END AS two
  FROM offers
  WHERE first_diploma IS NOT NULL OR second_diploma IS NOT NULL
), bases AS (
  SELECT
    *,
    COALESCE(first_required, FALSE) AND one > -1 AS first_must,
    CASE WHEN COALESCE(first_required, FALSE) AND one > -1 THEN one ELSE 1 END AS base
  FROM levels
), asked AS (
  SELECT
    rome_id,
    CASE WHEN two > one THEN second_diploma ELSE first_diploma END AS suggested,
    GREATEST(one, two) AS suggested_level,
    CASE
      WHEN COALESCE(second_required, FALSE) AND two > base THEN second_diploma
      WHEN first_must THEN first_diploma
      ELSE ''
    END AS required,
    CASE WHEN COALESCE(second_required, FALSE) AND two > base THEN two ELSE base END AS required_level
  FROM bases
), named AS (
  SELECT 'suggested' AS what, rome_id, suggested AS name, suggested_level AS level, COUNT(*) AS n
  FROM asked GROUP BY rome_id, suggested, suggested_level
  UNION ALL
  SELECT 'required' AS what, rome_id, required AS name, required_level AS level, COUNT(*) AS n
  FROM asked GROUP BY rome_id, required, required_level
), shares AS (
  SELECT
    what, rome_id, level,
    CAST(ROUND(100 * CAST(n AS DOUBLE) / SUM(n) OVER (PARTITION BY what, rome_id)) AS BIGINT) AS percent
  FROM named
)
SELECT
  rome_id, level,
  SUM(CASE WHEN what = 'suggested' THEN percent ELSE 0 END) AS percent_suggested,
  SUM(CASE WHEN what = 'required' THEN percent ELSE 0 END) AS percent_required
FROM shares
WHERE percent > 0 AND level > 1
GROUP BY rome_id, level
ORDER BY rome_id, level
