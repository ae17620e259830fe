package example;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.servicebroker.model.catalog.Catalog;
import org.springframework.cloud.servicebroker.model.catalog.Plan;
import org.springframework.cloud.servicebroker.model.catalog.ServiceDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** A broker with two services: a cache, which is made at once, and a queue, which takes its time. */
@SpringBootApplication
public class BrokerApplication {
    static final String CACHE = "7c1b2f0a-0d53-4f5e-8a5b-5a2e0c6a1000";
    static final String QUEUE = "7c1b2f0a-0d53-4f5e-8a5b-5a2e0c6a2000";

    public static void main(String[] arguments) {
        SpringApplication.run(BrokerApplication.class, arguments);
    }

    @Bean
    SecurityFilterChain security(HttpSecurity http) throws Exception {
        return http.csrf(csrf -> csrf.disable())
                .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                .httpBasic(Customizer.withDefaults())
                .build();
    }

    /** The password is not a person's: the cheapest round is enough, and each request is checked. */
    @Bean
    PasswordEncoder passwordEncoder() {
        return new BCryptPasswordEncoder(4);
    }

    @Bean
    UserDetailsService users(PasswordEncoder encoder, @Value("${broker.password}") String password) {
        return new InMemoryUserDetailsManager(
                User.withUsername("admin").password(encoder.encode(password)).build());
    }

    @Bean
    Catalog catalog() {
        return Catalog.builder()
                .serviceDefinitions(
                        service(CACHE, "cache", "Remembers for a while"), service(QUEUE, "queue", "Hands messages on"))
                .build();
    }

    private static ServiceDefinition service(String id, String name, String description) {
        return ServiceDefinition.builder()
                .id(id)
                .name(name)
                .description(description)
                .bindable(true)
                .planUpdateable(true)
                .instancesRetrievable(true)
                .bindingsRetrievable(true)
                .plans(plan(id, 1, "small"), plan(id, 2, "big"))
                .build();
    }

    private static Plan plan(String service, int number, String name) {
        String id = service.substring(0, service.length() - 1) + number;
        return Plan.builder().id(id).name(name).description("A " + name + " one").free(true).build();
    }
}
