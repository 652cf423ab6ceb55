-- Both product graphs from a clean log, as one would write them by hand for DuckDB: the rival of benchmark_graph.py.
CREATE TEMP TABLE bought AS
  SELECT basket AS key, item, min(time) AS time, max(position) AS last FROM log WHERE kind = 2 GROUP BY basket, item
  QUALIFY row_number() OVER (PARTITION BY basket ORDER BY max(position) DESC) <= 100;
CREATE TEMP TABLE viewed AS
  SELECT lines.key, lines.item, marks.item IS NOT NULL AS bought
  FROM (
    SELECT session AS key, item, max(position) AS last FROM log WHERE kind = 0 GROUP BY session, item
    QUALIFY row_number() OVER (PARTITION BY session ORDER BY max(position) DESC) <= 50
  ) AS lines
  LEFT JOIN (SELECT DISTINCT session AS key, item FROM log WHERE kind = 2) AS marks USING (key, item);
CREATE TEMP TABLE in_baskets AS SELECT item, count(*) AS n FROM bought GROUP BY item;
CREATE TEMP TABLE in_sessions AS SELECT item, count(*) AS n FROM viewed GROUP BY item;

CREATE TEMP TABLE co_viewed AS
  SELECT l.item AS left_item, r.item AS right_item, count(*) AS n
  FROM viewed AS l JOIN viewed AS r ON l.key = r.key AND l.item < r.item AND NOT (l.bought AND r.bought)
  GROUP BY ALL;
CREATE TEMP TABLE co_bought AS
  SELECT l.item AS left_item, r.item AS right_item, count(*) AS n,
         count(*) FILTER (l.time < r.time) AS first, count(*) FILTER (l.time > r.time) AS later
  FROM bought AS l JOIN bought AS r ON l.key = r.key AND l.item < r.item
  GROUP BY ALL;

CREATE TEMP TABLE lifted AS
  SELECT left_item, right_item, co_viewed.n,
         co_viewed.n * (SELECT count(DISTINCT key) FROM viewed)::DOUBLE / (a.n::DOUBLE * b.n) AS lift
  FROM co_viewed JOIN in_sessions AS a ON a.item = left_item JOIN in_sessions AS b ON b.item = right_item;
CREATE TEMP TABLE similar_edges AS
  WITH weighed AS (SELECT left_item, right_item, n, lift, round(n * ln(lift + 1), 9) AS weight FROM lifted),
  edges AS (
    SELECT left_item AS source, right_item AS target, weight, n, lift FROM weighed
    UNION ALL SELECT right_item, left_item, weight, n, lift FROM weighed
  )
  SELECT * FROM edges QUALIFY row_number() OVER (PARTITION BY source ORDER BY weight DESC, target) <= 50
  ORDER BY source, weight DESC, target;
CREATE TEMP TABLE complement_edges AS
  WITH pairs AS (
    SELECT left_item, right_item, co_bought.n, first, later,
           co_bought.n * (SELECT count(DISTINCT key) FROM bought)::DOUBLE / (a.n::DOUBLE * b.n) AS lift
    FROM co_bought JOIN in_baskets AS a ON a.item = left_item JOIN in_baskets AS b ON b.item = right_item
  ),
  complements AS (
    SELECT pairs.* FROM pairs LEFT JOIN lifted USING (left_item, right_item)
    WHERE NOT coalesce(lifted.lift, 0) > pairs.lift
  ),
  edges AS (
    SELECT left_item AS source, right_item AS target, round(n - 0.9 * later, 9) AS weight, n, first, later, lift FROM complements
    UNION ALL SELECT right_item, left_item, round(n - 0.9 * first, 9), n, later, first, lift FROM complements
  )
  SELECT * FROM edges QUALIFY row_number() OVER (PARTITION BY source ORDER BY weight DESC, target) <= 200
  ORDER BY source, weight DESC, target;
