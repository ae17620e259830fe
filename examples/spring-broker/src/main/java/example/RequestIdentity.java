package example;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Sends each request's identity back, also with refusals; the framework reads it only. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class RequestIdentity extends OncePerRequestFilter {
    private static final String HEADER = "X-Broker-API-Request-Identity";

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String identity = request.getHeader(HEADER);
        if (identity != null) response.setHeader(HEADER, identity);
        chain.doFilter(request, response);
    }
}
