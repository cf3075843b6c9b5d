# Generated from the tables in src/learnflow/contracts: change those, then run `python -m tools.reference`.
set -eu
made() { /opt/kafka/bin/kafka-topics.sh --bootstrap-server "${BOOTSTRAP}" --create --if-not-exists "$@"; }
made --topic learning.requests --partitions 8 --replication-factor 1 --config retention.ms=604800000
made --topic learning.requests.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic concepts.requests --partitions 8 --replication-factor 1 --config retention.ms=604800000
made --topic concepts.requests.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic code.submissions --partitions 8 --replication-factor 1 --config retention.ms=604800000
made --topic code.submissions.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic debug.requests --partitions 4 --replication-factor 1 --config retention.ms=604800000
made --topic debug.requests.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic exercise.requests --partitions 8 --replication-factor 1 --config retention.ms=604800000
made --topic exercise.requests.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic exercise.generated --partitions 4 --replication-factor 1 --config retention.ms=604800000
made --topic exercise.generated.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic learning.responses --partitions 8 --replication-factor 1 --config retention.ms=604800000
made --topic learning.responses.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=604800000
made --topic struggle.detected --partitions 4 --replication-factor 1 --config retention.ms=2592000000
made --topic struggle.detected.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=2592000000
made --topic progress.events --partitions 8 --replication-factor 1 --config retention.ms=2592000000
made --topic progress.events.dead-letter --partitions 1 --replication-factor 1 --config retention.ms=2592000000
