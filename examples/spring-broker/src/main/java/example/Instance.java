package example;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One service instance and its bindings. */
class Instance {
    static final Duration WORK = Duration.ofMillis(150);

    final List<Object> wanted;
    final String service;
    String plan;
    Map<String, Object> parameters;
    List<Object> update;
    final Work work = new Work();
    final Map<String, Binding> bindings = new HashMap<>();

    Instance(List<Object> wanted, String service, String plan, Map<String, Object> parameters) {
        this.wanted = wanted;
        this.service = service;
        this.plan = plan;
        this.parameters = parameters;
    }

    boolean takesTime() {
        return service.equals(BrokerApplication.QUEUE);
    }

    /** What goes on with an instance or a binding. */
    static class Work {
        String kind = "";
        private Instant until = Instant.MIN;

        void begin(String kind) {
            this.kind = kind;
            this.until = Instant.now().plus(WORK);
        }

        boolean goesOn() {
            return Instant.now().isBefore(until);
        }

        boolean isGoingOn(String kind) {
            return goesOn() && this.kind.equals(kind);
        }
    }

    static class Binding {
        final List<Object> wanted;
        final Map<String, Object> parameters;
        final Map<String, Object> credentials;
        final Work work = new Work();

        Binding(List<Object> wanted, Map<String, Object> parameters, Map<String, Object> credentials) {
            this.wanted = wanted;
            this.parameters = parameters;
            this.credentials = credentials;
        }
    }
}
