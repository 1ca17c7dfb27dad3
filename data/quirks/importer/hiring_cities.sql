-- The cities with most offers per inhabitant in each job group, where its offers exceed (offers of the job group in
-- all cities) ^ 0.6 / 40. The first day is compared as text: as published it is written with slashes, and a hyphen
-- sorts before a slash, so that every offer of 2015 is left out (D8).
-- Spec 05 §13, offers_per_city.py#L55-L167. Tables: offers (rome_id, city_id, created: text), cities (city_id,
-- population), given (since: the first day). Equals by city.
WITH counts AS (
  SELECT rome_id, city_id, COUNT(*) AS offers
  FROM offers CROSS JOIN given
  WHERE created >= since
  GROUP BY rome_id, city_id
), summed AS (
  SELECT *, SUM(offers) OVER (PARTITION BY rome_id) AS every_offer
  FROM counts
)
SELECT summed.rome_id, summed.city_id, offers, CAST(offers AS DOUBLE) / population AS offers_per_inhabitant
FROM summed
JOIN cities ON summed.city_id = cities.city_id
WHERE population > 0 AND offers > POW(CAST(every_offer AS DOUBLE), 0.6) / 40
ORDER BY summed.rome_id, offers_per_inhabitant DESC, summed.city_id
