-- The driving licences that at least 5 % of a job group's offers mention, most mentioned first. What is called the
-- share that requires it is the share of the mentions, and never below 1 (D11). Rounded half to even.
-- Spec 05 §9, job_offers_requirements.py#L71-L85, #L257-L309, #L386-L395. Tables: offers (offer_id, rome_id: all
-- offers), licences (offer_id, licence: its type, "B", "C1" …, required).
WITH kinds AS (
  SELECT
    offer_id, required,
    CASE LEFT(licence, 1) WHEN 'A' THEN 'MOTORCYCLE' WHEN 'B' THEN 'CAR' WHEN 'C' THEN 'TRUCK' END AS licence
  FROM licences
), totals AS (
  SELECT rome_id, COUNT(*) AS every_offer FROM offers GROUP BY rome_id
), mentions AS (
  SELECT
    offers.rome_id, licence, COUNT(*) AS n,
    SUM(CASE WHEN COALESCE(required, FALSE) THEN 1 ELSE 0 END) AS must
  FROM kinds
  JOIN offers ON kinds.offer_id = offers.offer_id
  WHERE licence IS NOT NULL
  GROUP BY offers.rome_id, licence
)
SELECT
  mentions.rome_id, licence,
  CAST(ROUND(100 * CAST(n AS DOUBLE) / every_offer) AS BIGINT) AS percent_suggested,
  GREATEST(CAST(ROUND(100 * CAST(must AS DOUBLE) / n) AS BIGINT), 1) AS percent_required
FROM mentions
JOIN totals ON mentions.rome_id = totals.rome_id
WHERE CAST(n AS DOUBLE) / every_offer >= 0.05
ORDER BY mentions.rome_id, n DESC, licence
