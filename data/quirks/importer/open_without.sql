-- The job groups that a diploma of a level is enough for, as the sections count it: less than 50 % require more.
-- Those without any figure on diplomas are left out (D23), though nobody asks for one there.
-- Spec 05 §4, frontend/server/apps/jobflix.py#L288-L329. Tables: diplomas (rome_id, level, percent_required), given
-- (level_enough: 1 for the sections without qualification, 4 for those of low qualification).
WITH sums AS (
  SELECT rome_id, SUM(CASE WHEN level > level_enough THEN percent_required ELSE 0 END) AS above
  FROM diplomas CROSS JOIN given
  GROUP BY rome_id
)
SELECT rome_id FROM sums WHERE above < 50 ORDER BY rome_id
