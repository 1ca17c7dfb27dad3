-- The number of trainings of each length by job group, in the unit of the catalogue. Exactly 720 is in no class (D17).
-- Spec 05 §7, job_group_info.py#L317-L323, #L619-L629. Table: trainings (rome_id, duration).
SELECT
  rome_id,
  SUM(CASE WHEN duration < 120 THEN 1 ELSE 0 END) AS very_short,
  SUM(CASE WHEN duration >= 120 AND duration < 720 THEN 1 ELSE 0 END) AS short,
  SUM(CASE WHEN duration > 720 THEN 1 ELSE 0 END) AS long
FROM trainings
GROUP BY rome_id
ORDER BY rome_id
