package example;

import java.util.Map;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;

/** Answers that the framework has no exception for. Without it they would be 500, 400 and 422. */
@RestControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class Refusals {
    /** There is nothing to poll about. */
    static class NothingToPoll extends RuntimeException {
        NothingToPoll(String id) {
            super("There is no " + id);
        }
    }

    @ExceptionHandler(NothingToPoll.class)
    @ResponseStatus(HttpStatus.NOT_FOUND)
    Map<String, String> nothingToPoll(NothingToPoll exception) {
        return Map.of("description", exception.getMessage());
    }

    @ExceptionHandler(MethodArgumentTypeMismatchException.class)
    @ResponseStatus(HttpStatus.BAD_REQUEST)
    Map<String, String> malformed(MethodArgumentTypeMismatchException exception) {
        return Map.of("description", exception.getName() + " cannot be read");
    }
}
