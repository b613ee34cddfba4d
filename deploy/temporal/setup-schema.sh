#!/bin/sh
# Makes or updates Temporal's two databases on PostgreSQL 12 or later. Safe to run before every start of the server:
# what is there already stays as it is. docker-compose.yml, the NixOS module and the tests all run this one file.
# Connection: SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD, SQL_CONNECT_ATTRIBUTES, which temporal-sql-tool reads.
# CREATE_DATABASES=no where the user may not create databases and they are there already.
set -eu

for store in temporal:temporal temporal_visibility:visibility; do
  export SQL_PLUGIN="${SQL_PLUGIN:-postgres12}" SQL_DATABASE="${store%%:*}"
  [ "${CREATE_DATABASES:-yes}" = no ] || temporal-sql-tool create-database
  temporal-sql-tool setup-schema --version 0.0
  temporal-sql-tool update-schema --schema-name "postgresql/v12/${store##*:}"
done
