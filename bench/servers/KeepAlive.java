import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** `java KeepAlive.java PORT`: the HTTP server of the JDK, on its dispatcher thread. */
public class KeepAlive {
    public static void main(String[] arguments) throws Exception {
        byte[] body = "Hello, World!".getBytes(StandardCharsets.US_ASCII);
        HttpServer server =
            HttpServer.create(new InetSocketAddress(Integer.parseInt(arguments[0])), 1024);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
