# Read by PostgreSQL's image when it makes police's database: the hub's account, to which the demo later opens the views.
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
CREATE ROLE hub_reader LOGIN PASSWORD '$(cat /run/secrets/police_reader_password)';
SQL
