-- The jobs of each département's section of salaries: the least that people under 35 are offered there is 2,200 euro
-- gross a month or more; most euro first, for everybody whatever their age (D5). The first fifty, equals by code.
-- Spec 05 §4, best_jobs_in_area.py#L81-L191. Table: salaries (departement_id, rome_id, junior_min_salary).
WITH listed AS (
  SELECT
    departement_id, rome_id AS item, junior_min_salary AS score,
    ROW_NUMBER() OVER (PARTITION BY departement_id ORDER BY junior_min_salary DESC, rome_id) AS rank
  FROM salaries
  WHERE junior_min_salary >= 2200
)
SELECT * FROM listed WHERE rank <= 50 ORDER BY departement_id, rank
