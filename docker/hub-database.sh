# Read by PostgreSQL's image when it makes the database: the owner of the hub's tables, and the role the hub serves with.
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
CREATE ROLE hub_owner LOGIN PASSWORD '$(cat /run/secrets/hub_owner_password)';
CREATE ROLE hub_service LOGIN PASSWORD '$(cat /run/secrets/hub_service_password)';
CREATE DATABASE hub OWNER hub_owner;
REVOKE ALL ON DATABASE hub FROM PUBLIC;
GRANT CONNECT ON DATABASE hub TO hub_service;
SQL
