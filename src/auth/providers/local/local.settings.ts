import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, ValidateBy } from 'class-validator';

function LeavesAWay(): PropertyDecorator {
  return ValidateBy({
    name: 'leavesAWay',
    validator: {
      validate: (value: unknown, args) =>
        value === true || (args?.object as LocalSettings | undefined)?.password === true,
      defaultMessage: () => 'must not be false together with password',
    },
  });
}

/** The fields of a connection to our own accounts. */
export class LocalSettings {
  /** Sign-in by phone and a code by SMS. */
  @ApiPropertyOptional({ type: Boolean, description: 'Left out: `true`.' })
  @IsBoolean()
  @LeavesAWay()
  phoneCode = true;

  /** Sign-in by phone and password, for accounts whose administrator set one. */
  @ApiPropertyOptional({ type: Boolean, description: 'Left out: `true`.' })
  @IsBoolean()
  password = true;
}
