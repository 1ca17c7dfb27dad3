-- The départements with more than 750 seasonal offers in a calendar month, all years together, and in them the five
-- job groups with most offers among those with more than ten. Raw counts: nothing is divided by inhabitants (D9).
-- Spec 05 §11, seasonal_jobbing.py#L35-L95. Table: offers (departement_id, rome_id, contract, created); the contract
-- "SAI" is seasonal. Départements stand in the order of codes; equal job groups too.
WITH counts AS (
  SELECT EXTRACT(MONTH FROM created) AS month, departement_id, rome_id AS item, COUNT(*) AS offers
  FROM offers
  WHERE contract = 'SAI' AND created < DATE '2017-01-01'
  GROUP BY EXTRACT(MONTH FROM created), departement_id, rome_id
), summed AS (
  SELECT *, SUM(offers) OVER (PARTITION BY month, departement_id) AS departement_offers
  FROM counts
), kept AS (
  SELECT * FROM summed WHERE departement_offers > 750 AND offers > 10
), listed AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY month, departement_id ORDER BY offers DESC, item) AS rank
  FROM kept
)
SELECT * FROM listed WHERE rank <= 5 ORDER BY month, departement_id, rank
