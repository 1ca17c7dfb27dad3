-- The number of trainings by département and job group. The département is the first two characters of the postcode
-- (three from 97 on), filled to five with a 0. Corsican postcodes give "20", which is no département (D12).
-- Spec 05 §3, local_diagnosis.py#L608-L623. Table: trainings (rome_id, postcode: text), one row a training.
WITH codes AS (
  SELECT rome_id, RIGHT('0' || postcode, 5) AS code FROM trainings
), places AS (
  SELECT rome_id, CASE WHEN LEFT(code, 2) = '97' THEN LEFT(code, 3) ELSE LEFT(code, 2) END AS departement_id FROM codes
)
SELECT departement_id, rome_id, COUNT(*) AS trainings
FROM places
GROUP BY departement_id, rome_id
ORDER BY departement_id, rome_id
