#!/bin/sh
# Random secrets for compose.yaml: made once, kept afterwards. Usage: sh docker/make-secrets.sh [FOLDER]
# The folder is closed to others; the files in it are not, because containers read them under accounts of their own.
set -eu
folder=${1:-$(dirname "$0")/secrets}
if [ -e "$folder" ]; then
  echo "$folder is there already"
  exit 0
fi
new="$folder.new"
rm -rf "$new"
mkdir -m 700 "$new"
umask 022

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
put() { printf '%s\n' "$2" >"$new/$1"; }

hub_owner=$(random) hub_service=$(random)
police_owner=$(random) police_reader=$(random)
civil_affairs_owner=$(random) civil_affairs_reader=$(random)
health=$(random) business=$(random)
mappings=/opt/hub/lib/python3.11/site-packages/connectors/mappings/demo-city

put hub_database_admin_password "$(random)"
put hub_owner_password "$hub_owner"
put hub_service_password "$hub_service"
put hub_database_owner_url "postgresql://hub_owner:$hub_owner@hub-database:5432/hub"
put hub_database_url "postgresql://hub_service:$hub_service@hub-database:5432/hub"
put hub_key_passphrase "$(random)"

put police_owner_password "$police_owner"
put police_owner_url "postgresql://police_owner:$police_owner@police:5432/police"
put police_reader_password "$police_reader"
put civil_affairs_owner_password "$civil_affairs_owner"
put civil_affairs_owner_url "mysql+asyncmy://civil_affairs_owner:$civil_affairs_owner@civil-affairs:3306/civil_affairs"
put civil_affairs_reader_password "$civil_affairs_reader"
put health_client_secret "$health"
put health_credentials "client_id = \"hub\"
client_secret = \"$health\""
put business_service_token "$business"
put business_credentials "token = \"$business\""

put hub_sources '[
  {"source": "police", "kind": "sql", "mapping": "'$mappings'/police.yaml", "synthetic": true,
   "address": "postgresql://hub_reader:'$police_reader'@police:5432/police"},
  {"source": "civil-affairs", "kind": "sql", "mapping": "'$mappings'/civil-affairs.yaml", "synthetic": true,
   "address": "mysql+asyncmy://hub_reader:'$civil_affairs_reader'@civil-affairs:3306/civil_affairs"},
  {"source": "human-resources", "kind": "file", "mapping": "'$mappings'/human-resources.yaml", "synthetic": true,
   "address": "/inbox"},
  {"source": "health", "kind": "http", "mapping": "'$mappings'/health.yaml", "synthetic": true,
   "address": "http://health:8480", "credentials": "/run/secrets/health_credentials"},
  {"source": "business", "kind": "graphql", "mapping": "'$mappings'/business.yaml", "synthetic": true,
   "address": "http://business:8490/graphql", "credentials": "/run/secrets/business_credentials"}
]'

mv "$new" "$folder"
echo "secrets made in $folder"
