-- Jobs without qualification that one could change to in each département, most offers first, five at most.
-- Of each job group the title with most offers counts, and needs more than 50 of them: the threshold is on the raw
-- number of offers of one title, so that small départements get fewer than the two jobs that the advice needs (D10).
-- Spec 05 §5, reorient_jobbing.py#L52-L136. Tables: offers (departement_id, rome_id, title, created), tension
-- (departement_id, rome_id, tension: offers per ten candidates), unqualified (rome_id). Equals by title, then code.
WITH counts AS (
  SELECT departement_id, rome_id, title, COUNT(*) AS offers
  FROM offers
  WHERE created < DATE '2017-01-01'
  GROUP BY departement_id, rome_id, title
), titles AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY departement_id, rome_id ORDER BY offers DESC, title) AS place
  FROM counts
), kept AS (
  SELECT titles.departement_id, titles.rome_id AS item, titles.title, titles.offers
  FROM titles
  JOIN tension ON titles.departement_id = tension.departement_id AND titles.rome_id = tension.rome_id
  JOIN unqualified ON titles.rome_id = unqualified.rome_id
  WHERE place = 1 AND titles.offers > 50 AND tension.tension >= 4
), listed AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY departement_id ORDER BY offers DESC, item) AS rank
  FROM kept
)
SELECT * FROM listed WHERE rank <= 5 ORDER BY departement_id, rank
