# Read by MariaDB's image when it makes civil affairs' database: the hub's account, and the owner's right to open views to it.
docker_process_sql <<SQL
CREATE USER hub_reader@'%' IDENTIFIED BY '$(cat /run/secrets/civil_affairs_reader_password)';
GRANT SELECT, SHOW VIEW ON civil_affairs.* TO civil_affairs_owner@'%' WITH GRANT OPTION;
SQL
