package anamnesis;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * Says of every file in a folder what HAPI's validator finds against the base definitions of R4, without a network:
 * one line a file, {@code name<TAB>errors<TAB>warnings<TAB>ids of the errors' messages}.
 */
public final class Verdicts {
  private Verdicts() {}

  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    ValidationSupportChain support =
        new ValidationSupportChain(
            new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context));
    FhirInstanceValidator instances = new FhirInstanceValidator(support);
    instances.setErrorForUnknownProfiles(false);
    instances.setNoTerminologyChecks(false);
    instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    FhirValidator validator = context.newValidator().registerValidatorModule(instances);
    List<Path> files = new ArrayList<>();
    try (var listing = Files.list(Path.of(arguments[0]))) {
      listing.sorted().forEach(files::add);
    }
    for (Path file : files) {
      int errors = 0;
      int warnings = 0;
      TreeSet<String> ids = new TreeSet<>();
      String text = Files.readString(file, StandardCharsets.UTF_8);
      try {
        for (SingleValidationMessage message : validator.validateWithResult(text).getMessages()) {
          if (message.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal()) {
            errors++;
            ids.add(String.valueOf(message.getMessageId()).replaceAll("\\s.*", ""));
            if (arguments.length > 1) System.err.println(file.getFileName() + " " + message.getLocationString() + " " + message.getMessage());
          } else if (message.getSeverity() == ResultSeverityEnum.WARNING) {
            warnings++;
          }
        }
      } catch (RuntimeException refused) {
        errors++;
        ids.add("refused:" + refused.getClass().getSimpleName());
      }
      System.out.println(
          file.getFileName() + "\t" + errors + "\t" + warnings + "\t" + String.join(",", ids));
    }
  }
}
