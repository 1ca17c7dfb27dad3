-- What each job group is linked to, whatever the market. Links towards a title stand once a target group, and their
-- kind is empty: their type is lost (D20). The published server reads none of this.
-- Spec 05 §6, rome_mobility.py#L37-L165. Table: mobility (rome, title, rome_target, title_target, kind).
SELECT DISTINCT
  COALESCE(title, rome) AS source,
  rome_target AS item,
  CASE WHEN title_target IS NULL THEN kind END AS kind
FROM mobility
ORDER BY source, item, kind
