-- Both product graphs from a clean log, as one would write them by hand for DuckDB: the rival of benchmark_graph.py.
CREATE TEMP TABLE bought AS
  SELECT basket AS session, item, min(time) AS time, max(position) AS last FROM log WHERE kind = 2 GROUP BY basket, item
  QUALIFY row_number() OVER (PARTITION BY basket ORDER BY max(position) DESC) <= 100;
CREATE TEMP TABLE viewed AS
  SELECT lines.session, lines.item, marks.item IS NOT NULL AS bought
  FROM (
    SELECT session, item, max(position) AS last FROM log WHERE kind = 0 GROUP BY session, item
    QUALIFY row_number() OVER (PARTITION BY session ORDER BY max(position) DESC) <= 50
  ) AS lines
  LEFT JOIN (SELECT DISTINCT session, item FROM log WHERE kind = 2) AS marks USING (session, item);
CREATE TEMP TABLE in_baskets AS
  SELECT counts.item, key, n FROM (SELECT item, count(*) AS n FROM bought GROUP BY item) AS counts JOIN items ON code = counts.item;
CREATE TEMP TABLE in_sessions AS
  SELECT counts.item, key, n FROM (SELECT item, count(*) AS n FROM viewed GROUP BY item) AS counts JOIN items ON code = counts.item;

CREATE TEMP TABLE co_viewed AS
  SELECT l.item AS left_item, r.item AS right_item, count(*) AS n
  FROM viewed AS l JOIN viewed AS r ON l.session = r.session AND l.item < r.item AND NOT (l.bought AND r.bought)
  GROUP BY ALL;
CREATE TEMP TABLE co_bought AS
  SELECT l.item AS left_item, r.item AS right_item, count(*) AS n,
         count(*) FILTER (l.time < r.time) AS first, count(*) FILTER (l.time > r.time) AS later
  FROM bought AS l JOIN bought AS r ON l.session = r.session AND l.item < r.item
  GROUP BY ALL;

CREATE TEMP TABLE lifted AS
  SELECT left_item, right_item, co_viewed.n, a.n AS left_n, b.n AS right_n, a.key AS left_key, b.key AS right_key,
         co_viewed.n * (SELECT count(DISTINCT session) FROM viewed)::DOUBLE / (a.n::DOUBLE * b.n) AS lift
  FROM co_viewed JOIN in_sessions AS a ON a.item = left_item JOIN in_sessions AS b ON b.item = right_item;
CREATE TEMP TABLE similar_edges AS
  WITH weighed AS (SELECT *, (n * ln(lift + 1))::FLOAT AS weight FROM lifted),
  edges AS (
    SELECT left_item AS source, right_item AS target, weight, n, right_n AS often, right_key AS key FROM weighed
    UNION ALL SELECT right_item, left_item, weight, n, left_n, left_key FROM weighed
  )
  SELECT source, target, weight, n FROM edges
  QUALIFY row_number() OVER (PARTITION BY source ORDER BY weight DESC, often DESC, key) <= 50
  ORDER BY source, weight DESC, often DESC, key;
CREATE TEMP TABLE complement_edges AS
  WITH pairs AS (
    SELECT co_bought.*, a.n AS left_n, b.n AS right_n, a.key AS left_key, b.key AS right_key,
           co_bought.n * (SELECT count(DISTINCT session) FROM bought)::DOUBLE / (a.n::DOUBLE * b.n) AS lift
    FROM co_bought JOIN in_baskets AS a ON a.item = left_item JOIN in_baskets AS b ON b.item = right_item
  ),
  complements AS (
    SELECT pairs.* FROM pairs LEFT JOIN lifted USING (left_item, right_item)
    WHERE NOT coalesce(lifted.lift, 0) > pairs.lift
  ),
  edges AS (
    SELECT left_item AS source, right_item AS target, (n - 0.9 * later)::FLOAT AS weight, (n - 0.9 * first)::FLOAT AS back,
           n, first, later, right_n AS often, right_key AS key FROM complements
    UNION ALL
    SELECT right_item, left_item, (n - 0.9 * first)::FLOAT, (n - 0.9 * later)::FLOAT,
           n, later, first, left_n, left_key FROM complements
  )
  SELECT source, target, weight, back, n, first, later FROM edges
  QUALIFY row_number() OVER (PARTITION BY source ORDER BY weight DESC, often DESC, key) <= 200
  ORDER BY source, weight DESC, often DESC, key;
